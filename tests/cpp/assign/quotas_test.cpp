// Quotas: against every possible answer of small problems, and the judge on changed ones.
#include <gtest/gtest.h>

#include <cpp/support/small_problem.hpp>
#include <functional>
#include <libmatch/assign/assign.hpp>
#include <libmatch/check/assignment.hpp>

namespace libmatch {
namespace {

bool belongs(const Quota& q, FirmId i, AdviserId j) {
    const auto has = [](const auto& members, auto id) {
        return !members || std::find(members->begin(), members->end(), id) != members->end();
    };
    return has(q.firms, i) && has(q.advisers, j);
}

/// The largest value over all lawful answers, -inf if there is none: firm by firm, all of them.
double best_of_all(const SmallProblem& p) {
    std::vector<std::int64_t> load(p.advisers(), 0), count(p.limits.quotas.size(), 0);
    const std::function<double(std::size_t)> from = [&](std::size_t i) {
        if (i == p.firms()) {
            for (std::size_t q = 0; q < count.size(); ++q) {
                if (count[q] < p.limits.quotas[q].at_least) return -HUGE_VAL;
            }
            for (std::size_t j = 0; j < load.size(); ++j) {
                if (load[j] < p.limits.min_load_of(AdviserId(j))) return -HUGE_VAL;
            }
            return 0.0;
        }
        const FirmId f(i);
        const auto pin = std::find_if(p.limits.pinned.begin(), p.limits.pinned.end(),
                                      [&](const Pair& q) { return q.firm == f; });
        const bool pinned = pin != p.limits.pinned.end();
        double most = -HUGE_VAL;
        if (p.limits.min_demand_of(f) == 0 && !pinned) most = from(i + 1);
        for (std::size_t j = 0; j < p.advisers() && p.limits.demand_of(f) > 0; ++j) {
            const AdviserId a(j);
            if (!p.eligible(f, a) || (pinned && !(pin->adviser == a))) continue;
            if (load[j] == p.limits.capacity[j]) continue;
            bool fits = true;
            for (std::size_t q = 0; q < count.size(); ++q) {
                const Quota& quota = p.limits.quotas[q];
                fits = fits && !(belongs(quota, f, a) && count[q] == quota.at_most);
            }
            if (!fits) continue;
            const auto add = [&](int by) {
                load[j] += by;
                for (std::size_t q = 0; q < count.size(); ++q)
                    count[q] += belongs(p.limits.quotas[q], f, a) ? by : 0;
            };
            add(1);
            most = std::max(most, p.at(f, a) + from(i + 1));
            add(-1);
        }
        return most;
    };
    return from(0);
}

check::Verdict judge(const SmallProblem& p, const AssignmentResult& claim) {
    check::AssignmentCase problem;
    problem.stage = "quotas";
    problem.firms = p.firms();
    problem.advisers = p.advisers();
    problem.eligible = [&](FirmId i, AdviserId j) { return p.eligible(i, j); };
    problem.utility = [&](FirmId i, AdviserId j) { return p.at(i, j); };
    problem.firm_name = [](FirmId i) { return "firm " + std::to_string(i.value); };
    problem.adviser_name = [](AdviserId j) { return "adviser " + std::to_string(j.value); };
    check::Verdict verdict;
    check::judge_assignment(problem, p.limits, claim, verdict);
    return verdict;
}

template <class Id>
std::optional<std::vector<Id>> some_of(std::size_t size, double share, Random& random) {
    if (random.uniform() < 0.15) return std::nullopt;
    std::vector<Id> members;
    for (std::size_t k = 0; k < size; ++k) {
        if (random.uniform() < share) members.emplace_back(k);
    }
    return members;
}

/// Quotas around what some lawful answer without quotas holds, so that most problems have answers.
void add_quotas(SmallProblem& p, std::size_t count, double tightness, std::uint64_t seed) {
    Random random(seed, 7);
    AssignmentLimits plain = p.limits;
    const DenseSource source(p.utility);
    Control control;
    const auto r = assign(source, plain, {}, control);
    for (std::size_t k = 0; k < count; ++k) {
        Quota q;
        q.firms = some_of<FirmId>(p.firms(), 0.2 + 0.6 * random.uniform(), random);
        q.advisers = some_of<AdviserId>(p.advisers(), 0.2 + 0.6 * random.uniform(), random);
        std::int64_t held = 0;
        for (const Pair& pair : r.pairs) held += belongs(q, pair.firm, pair.adviser) ? 1 : 0;
        if (random.uniform() < 0.6) {
            q.at_most = std::max<std::int64_t>(
                0, held - static_cast<std::int64_t>(random.below(1 + static_cast<std::uint64_t>(tightness))));
        }
        if (random.uniform() < 0.5) {
            q.at_least = std::min<std::int64_t>(
                q.at_most, held + static_cast<std::int64_t>(random.below(
                                      1 + static_cast<std::uint64_t>(tightness))) - 1);
            q.at_least = std::max<std::int64_t>(0, q.at_least);
        }
        q.name = "q" + std::to_string(k);
        p.limits.quotas.push_back(std::move(q));
    }
}

SmallProblem random_quotas(std::uint64_t seed) {
    ProblemShape shape;
    shape.most_firms = 8;
    shape.most_advisers = 4;
    shape.density = seed % 3 == 0 ? 0.7 : 1.0;
    shape.low = seed % 4 == 0 ? -20 : 1;
    shape.high = seed % 5 == 0 ? 3 : 100;
    shape.pins = seed % 6 == 0 ? 0.2 : 0;
    shape.minimums = seed % 7 == 0 ? 0.2 : 0;
    auto p = random_problem(shape, seed);
    for (auto& d : p.limits.demand) d = std::min(d, 1);
    for (std::size_t i = 0; i < p.limits.min_demand.size(); ++i)
        p.limits.min_demand[i] = std::min(p.limits.min_demand[i], p.limits.demand[i]);
    add_quotas(p, 1 + seed % 5, static_cast<double>(1 + seed % 3), seed);
    return p;
}

TEST(Quotas, SmallProblemsReachTheBestOfAllAnswers) {
    int missed = 0, solved = 0, impossible = 0, proven = 0;
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        const auto p = random_quotas(seed);
        const double best = best_of_all(p);
        const auto r = solve(p);
        if (best == -HUGE_VAL) {
            ++impossible;
            proven += r.certificate.status == Status::infeasible ? 1 : 0;
            EXPECT_FALSE(r.blockers.empty());
            EXPECT_TRUE(r.certificate.status == Status::infeasible ||
                        r.certificate.status == Status::time_limit);
            continue;
        }
        ASSERT_NE(r.certificate.status, Status::infeasible);
        ++solved;
        const auto verdict = judge(p, r);
        EXPECT_TRUE(verdict.ok()) << verdict.violations[0].subject << ": "
                                  << verdict.violations[0].problem;
        EXPECT_LE(r.certificate.objective, best + 1e-9);
        EXPECT_GE(r.certificate.bound, best - 1e-9);
        missed += r.certificate.objective < best - 1e-9 * std::fabs(best) -
                                                r.certificate.gap() * std::fabs(best)
                      ? 1
                      : 0;
        missed += r.certificate.status == Status::time_limit && r.certificate.objective < best - 1e-9 ? 1 : 0;
    }
    EXPECT_GT(solved, 200);
    EXPECT_EQ(missed, 0);
    EXPECT_GT(impossible, 10);
    std::cerr << solved << " " << impossible << " " << proven << "\n";
}

}  // namespace
}  // namespace libmatch
