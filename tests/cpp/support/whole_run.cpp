#include "cpp/support/whole_run.hpp"

#include <libmatch/assign/assign.hpp>
#include <libmatch/check/assignment.hpp>
#include <libmatch/check/plan.hpp>
#include <libmatch/check/pooling.hpp>
#include <libmatch/model/build_market.hpp>
#include <libmatch/model/plan_tables.hpp>
#include <libmatch/plan/blocking.hpp>
#include <libmatch/plan/explain.hpp>
#include <libmatch/plan/solve.hpp>
#include <libmatch/pool/pool.hpp>

namespace libmatch::testing {

AssignmentResult assign(const PairSource& source, const AssignmentLimits& limits,
                        const AssignmentOptions& options, Control& control) {
    return libmatch::assign(source, limits, options, control);
}
void judge_assignment(const check::AssignmentCase& problem, const AssignmentLimits& limits,
                      const AssignmentResult& claim, check::Verdict& verdict) {
    check::judge_assignment(problem, limits, claim, verdict);
}
PoolResult pool(const PoolProblem& problem, const PoolOptions& options, Control& control) {
    return libmatch::pool(problem, options, control);
}
check::Verdict verify(const PoolProblem& problem, const PoolResult& result, unsigned threads) {
    return check::verify(problem, result, 1e-9, "pool", threads);
}
Market build_market(const Tables& tables) { return libmatch::build_market(tables); }
Market build_market(const Tables& tables, std::vector<Fault>& faults) {
    return libmatch::build_market(tables, faults);
}
Plan solve(const Market& market, const SolveOptions& options, Control& control) {
    return libmatch::solve(market, options, control);
}
check::Verdict verify(const Market& market, const Plan& plan, unsigned threads) {
    return check::verify(market, plan, threads);
}
std::vector<std::string> explain(const Market& market, const Plan& plan, FirmId i) {
    return libmatch::explain(market, plan, i);
}
std::vector<std::string> why_not(const Market& market, const Plan& plan, FirmId i, AdviserId j) {
    return libmatch::why_not(market, plan, i, j);
}
std::vector<Fault> blocking(const Market& market) { return libmatch::blocking(market); }
Tables plan_tables(const Market& market, const Plan& plan) {
    return libmatch::plan_tables(market, plan);
}
Plan plan_from_tables(const Market& market, const Tables& tables) {
    return libmatch::plan_from_tables(market, tables);
}

std::string complaints(const check::Verdict& verdict) {
    std::string text;
    for (const auto& v : verdict.violations)
        text += v.stage + " | " + v.subject + " | " + v.problem + "\n";
    return text;
}
std::string complaints(const Market& market, const Plan& plan) {
    return complaints(verify(market, plan));
}
std::string bits(const Market& market, const Plan& plan) {
    std::string text;
    for (const auto& [name, table] : testing::plan_tables(market, plan)) {
        for (const auto& [column, data] : table.columns()) {
            if (column == "seconds") continue;
            text += name + "." + column + "\n";
            if (const auto* t = std::get_if<TextColumn>(&data)) {
                text += t->bytes();
            } else {
                const auto& values = std::get<NumberColumn>(data).values;
                text.append(reinterpret_cast<const char*>(values.data()),
                            values.size() * sizeof(double));
            }
        }
    }
    return text;
}

}  // namespace libmatch::testing
