// Stops at every moment: the work is told to stop at its k-th question, for all k.
#include <gtest/gtest.h>

#include <cpp/support/judge.hpp>
#include <cpp/support/small_problem.hpp>
#include <cpp/support/small_team.hpp>
#include <libmatch/retrieve/hours_source.hpp>

#include "cpp/support/whole_run.hpp"

namespace libmatch {
namespace {

struct StoppedCase {
    std::string name;
    SmallProblem problem;
    DenseSource::Matrix hours{};  ///< of pairs; empty = capacity counts firms
    AssignmentOptions options{};

    [[nodiscard]] double hours_of(FirmId i, AdviserId j) const {
        return hours(static_cast<Eigen::Index>(i.value), static_cast<Eigen::Index>(j.value));
    }
    [[nodiscard]] AssignmentResult solve(Control& control) const {
        const DenseSource pairs(problem.utility);
        if (hours.size() == 0) return testing::assign(pairs, problem.limits, options, control);
        const HoursSource timed(pairs, [this](FirmId i, AdviserId j) { return hours_of(i, j); });
        return testing::assign(timed, problem.limits, options, control);
    }
    [[nodiscard]] check::Verdict judge(const AssignmentResult& claim) const {
        check::AssignmentCase c = case_of(problem);
        if (hours.size() > 0) c.load = [this](FirmId i, AdviserId j) { return hours_of(i, j); };
        check::Verdict verdict;
        testing::judge_assignment(c, problem.limits, claim, verdict);
        return verdict;
    }
    /// Minimums and quotas may not be kept yet by an answer that was stopped; nothing else.
    [[nodiscard]] bool may_be_short() const {
        return !problem.limits.min_load.empty() || !problem.limits.min_demand.empty() ||
               !problem.limits.quotas.empty();
    }
};

SmallProblem uniform(std::size_t firms, std::size_t advisers, std::int64_t seats) {
    Random random(11);
    SmallProblem p;
    p.utility.resize(static_cast<Eigen::Index>(firms), static_cast<Eigen::Index>(advisers));
    for (Eigen::Index i = 0; i < p.utility.rows(); ++i) {
        for (Eigen::Index j = 0; j < p.utility.cols(); ++j)
            p.utility(i, j) = random.uniform() < 0.1 ? -HUGE_VAL : 1 + random.uniform();
    }
    p.limits.capacity.assign(advisers, seats);
    return p;
}

std::vector<StoppedCase> all_cases() {
    std::vector<StoppedCase> cases;
    const SmallProblem plain = uniform(60, 6, 8);
    cases.push_back({"capacities", plain, {}, {.gap = 0}});
    cases.push_back({"exact", plain, {}, {.exact = true}});
    auto p = plain;
    p.limits.demand.assign(60, 2);
    cases.push_back({"demand of two", p, {}, {.gap = 0}});
    p.limits.min_load.assign(6, 3);
    p.limits.min_demand.assign(60, 0);
    for (std::size_t i = 0; i < 20; ++i) p.limits.min_demand[i] = 1;
    cases.push_back({"minimums", p, {}, {.gap = 0}});
    cases.push_back({"minimums, exact", p, {}, {.exact = true}});
    p = plain;
    p.limits.pinned = {{FirmId(7U), AdviserId(2U)}};
    while (!p.eligible(p.limits.pinned[0].firm, p.limits.pinned[0].adviser))
        ++p.limits.pinned[0].firm.value;
    cases.push_back({"a pin", p, {}, {.gap = 0}});
    const AssignmentResult before = solve(uniform(60, 6, 7));
    p = plain;
    p.limits.previous = before.pairs;
    cases.push_back({"warm start", p, {}, {.gap = 0, .start_prices = before.prices}});
    cases.push_back({"warm start, exact", p, {}, {.exact = true, .start_prices = before.prices}});
    p.limits.max_changes = 3;
    std::rotate(p.limits.previous.begin(), p.limits.previous.begin() + 5, p.limits.previous.end());
    for (std::size_t k = 0; k < p.limits.previous.size(); ++k)
        p.limits.previous[k].firm = before.pairs[k].firm;
    cases.push_back({"few changes", p, {}, {.gap = 0}});
    p = plain;
    p.limits.quotas = {{std::vector{FirmId(0U), FirmId(1U), FirmId(2U)}, std::vector{AdviserId(0U)},
                        2, Quota::no_limit, "some"},
                       {std::nullopt, std::vector{AdviserId(1U), AdviserId(2U)}, 0, 11, "most"}};
    cases.push_back({"quotas", p, {}, {.gap = 0}});
    p = plain;
    p.limits.reservation.assign(60, 1.3);
    cases.push_back({"reservation", p, {}, {.gap = 0}});
    for (const bool pins : {false, true}) {
        auto q = random_team_problem({.most_firms = 40,
                                      .most_advisers = 9,
                                      .most_demand = 2,
                                      .pins = pins ? 0.2 : 0.0,
                                      .whole = false},
                                     8);
        cases.push_back({pins ? "a team and pins" : "a team", q, {}, {.gap = 0}});
    }
    p = plain;
    p.limits.capacity.clear();
    p.limits.hours.assign(6, 20.0);
    Random random(5);
    DenseSource::Matrix hours(60, 6);
    for (double& h : hours.reshaped()) h = 1 + 4 * random.uniform();
    cases.push_back({"hours", p, hours, {.gap = 0}});
    return cases;
}

/// The first moments one by one, later ones by parts of their number.
std::int64_t next_moment(std::int64_t k) { return k + 1 + k / 24; }

class Stopped : public ::testing::TestWithParam<StoppedCase> {};

TEST_P(Stopped, AtEachMomentIsLawfulAndBounded) {
    const StoppedCase& c = GetParam();
    Control free;
    free.stop_after(std::numeric_limits<std::int64_t>::max());
    const AssignmentResult whole = c.solve(free);
    ASSERT_TRUE(c.judge(whole).ok());
    ASSERT_GT(free.asks(), 2);
    for (std::int64_t k = 0; k < free.asks(); k = next_moment(k)) {
        SCOPED_TRACE("stopped at question " + std::to_string(k));
        Control control;
        control.stop_after(k);
        const AssignmentResult r = c.solve(control);
        EXPECT_NE(r.certificate.status, Status::infeasible);
        EXPECT_GE(r.certificate.bound, whole.certificate.objective * (1 - 1e-5));
        const check::Verdict verdict = c.judge(r);
        if (!verdict.ok()) {
            ASSERT_TRUE(c.may_be_short()) << verdict.violations[0].problem;
            continue;
        }
        EXPECT_LE(r.certificate.objective, whole.certificate.bound * (1 + 1e-5));
    }
}

INSTANTIATE_TEST_SUITE_P(Cases, Stopped, ::testing::ValuesIn(all_cases()), [](const auto& one) {
    std::string name = one.param.name;
    std::replace_if(
        name.begin(), name.end(), [](char c) { return c == ' ' || c == ','; }, '_');
    return name;
});

}  // namespace
}  // namespace libmatch
