// Compiling a market, the assignment, pooling, the whole run, their judges and words, compiled once
// (whole_run.cpp) for all tests that call them.
#pragma once

#include <string>
#include <vector>

#include <libmatch/check/assignment_case.hpp>
#include <libmatch/check/verdict.hpp>
#include <libmatch/core/control.hpp>
#include <libmatch/core/error.hpp>
#include <libmatch/model/plan.hpp>
#include <libmatch/model/pooling.hpp>
#include <libmatch/model/table.hpp>
#include <libmatch/plan/run.hpp>
#include <libmatch/retrieve/source.hpp>

namespace libmatch::testing {

AssignmentResult assign(const PairSource& source, const AssignmentLimits& limits,
                        const AssignmentOptions& options, Control& control);
void judge_assignment(const check::AssignmentCase& problem, const AssignmentLimits& limits,
                      const AssignmentResult& claim, check::Verdict& verdict);
PoolResult pool(const PoolProblem& problem, const PoolOptions& options, Control& control);
check::Verdict verify(const PoolProblem& problem, const PoolResult& result, unsigned threads = 0);
Market build_market(const Tables& tables);
Market build_market(const Tables& tables, std::vector<Fault>& faults);
Plan solve(const Market& market, const SolveOptions& options, Control& control);
check::Verdict verify(const Market& market, const Plan& plan, unsigned threads = 0);
std::vector<std::string> explain(const Market& market, const Plan& plan, FirmId i);
std::vector<std::string> why_not(const Market& market, const Plan& plan, FirmId i, AdviserId j);
std::vector<Fault> blocking(const Market& market);
Tables plan_tables(const Market& market, const Plan& plan);
Plan plan_from_tables(const Market& market, const Tables& tables);

/// All violations, a line each; empty for a lawful plan.
std::string complaints(const check::Verdict& verdict);
std::string complaints(const Market& market, const Plan& plan);
/// All tables as one text, without the times.
std::string bits(const Market& market, const Plan& plan);

}  // namespace libmatch::testing
