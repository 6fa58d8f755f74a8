// The judge of the library on small problems.
#pragma once

#include <cpp/support/small_problem.hpp>
#include <libmatch/check/assignment_case.hpp>
#include <string>

namespace libmatch {

/// The problem as the judge sees it; it must outlive what is returned.
inline check::AssignmentCase case_of(const SmallProblem& p) {
    check::AssignmentCase problem;
    problem.stage = "assign";
    problem.firms = p.firms();
    problem.advisers = p.advisers();
    problem.eligible = [&p](FirmId i, AdviserId j) { return p.eligible(i, j); };
    problem.utility = [&p](FirmId i, AdviserId j) { return p.at(i, j); };
    problem.firm_name = [](FirmId i) { return "firm " + std::to_string(i.value); };
    problem.adviser_name = [](AdviserId j) { return "adviser " + std::to_string(j.value); };
    return problem;
}

inline check::Verdict judge(const SmallProblem& p, const AssignmentResult& claim) {
    check::Verdict verdict;
    testing::judge_assignment(case_of(p), p.limits, claim, verdict);
    return verdict;
}

}  // namespace libmatch
