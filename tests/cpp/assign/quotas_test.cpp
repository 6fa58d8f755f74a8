// Quotas: against every possible answer of small problems, and the judge on changed ones.
#include <gtest/gtest.h>

#include <cpp/support/judge.hpp>
#include <cpp/support/small_problem.hpp>
#include <functional>
#include <libmatch/assign/quota_dual.hpp>
#include <libmatch/assign/quota_groups.hpp>
#include <libmatch/assign/quota_problem.hpp>

#include "cpp/support/whole_run.hpp"

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
    const auto r = testing::assign(source, plain, {}, control);
    for (std::size_t k = 0; k < count; ++k) {
        Quota q;
        q.firms = some_of<FirmId>(p.firms(), 0.2 + 0.6 * random.uniform(), random);
        q.advisers = some_of<AdviserId>(p.advisers(), 0.2 + 0.6 * random.uniform(), random);
        std::int64_t held = 0;
        for (const Pair& pair : r.pairs) held += belongs(q, pair.firm, pair.adviser) ? 1 : 0;
        if (random.uniform() < 0.6) {
            q.at_most = std::max<std::int64_t>(
                0, held - static_cast<std::int64_t>(
                              random.below(1 + static_cast<std::uint64_t>(tightness))));
        }
        if (random.uniform() < 0.5) {
            q.at_least = std::min<std::int64_t>(
                q.at_most, held +
                               static_cast<std::int64_t>(
                                   random.below(1 + static_cast<std::uint64_t>(tightness))) -
                               1);
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
            EXPECT_EQ(judge(p, r).ok(), r.certificate.status == Status::infeasible);
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
        missed += r.certificate.objective <
                          best - 1e-9 * std::fabs(best) - r.certificate.gap() * std::fabs(best)
                      ? 1
                      : 0;
        missed +=
            r.certificate.status == Status::time_limit && r.certificate.objective < best - 1e-9 ? 1
                                                                                                : 0;
    }
    EXPECT_GT(solved, 200);
    EXPECT_EQ(missed, 0);
    EXPECT_GT(impossible, 30);
    EXPECT_GT(proven, impossible * 9 / 10);
}

TEST(Quotas, GroupsKnowEachPairsQuotas) {
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
        const auto p = random_quotas(seed);
        const detail::QuotaGroups groups(p.limits.quotas, p.firms(), p.advisers());
        for (std::size_t i = 0; i < p.firms(); ++i) {
            for (std::size_t j = 0; j < p.advisers(); ++j) {
                std::vector<std::uint32_t> wanted;
                for (std::uint32_t q = 0; q < p.limits.quotas.size(); ++q) {
                    if (belongs(p.limits.quotas[q], FirmId(i), AdviserId(j))) wanted.push_back(q);
                }
                const auto found = groups.quotas(groups.mix(FirmId(i), AdviserId(j)));
                EXPECT_EQ(std::vector<std::uint32_t>(found.begin(), found.end()), wanted);
            }
        }
    }
}

/// Many firms; quotas around an answer to other utilities, so that an answer exists and the quotas
/// cost something.
SmallProblem large_quotas(std::size_t n, std::size_t m) {
    Random random(3);
    SmallProblem p;
    p.utility.resize(static_cast<Eigen::Index>(n), static_cast<Eigen::Index>(m));
    SmallProblem other = p;
    for (Eigen::Index i = 0; i < p.utility.rows(); ++i) {
        for (Eigen::Index j = 0; j < p.utility.cols(); ++j) {
            p.utility(i, j) = 1 + random.uniform();
            other.utility(i, j) = p.utility(i, j) + 0.5 * random.uniform();
        }
    }
    const auto seats =
        static_cast<std::int64_t>(0.9 * static_cast<double>(n) / static_cast<double>(m));
    p.limits.capacity.assign(m, seats);
    other.limits = p.limits;
    const auto r = solve(other, {.gap = 1e-2});
    for (std::size_t k = 0; k < 40; ++k) {
        Quota q;
        q.firms = some_of<FirmId>(n, 0.2, random);
        q.advisers = some_of<AdviserId>(m, 0.3, random);
        std::int64_t held = 0;
        for (const Pair& pair : r.pairs) held += belongs(q, pair.firm, pair.adviser) ? 1 : 0;
        if (k % 3 != 0) q.at_most = held + (k % 5 == 0 ? 0 : 2);
        if (k % 3 != 1) q.at_least = held;
        p.limits.quotas.push_back(std::move(q));
    }
    return p;
}

TEST(Quotas, LargeOverlappingProblemClosesTheGap) {
    const auto p = large_quotas(1000, 20);
    const auto r = solve(p, {.gap = 1e-3});
    EXPECT_TRUE(judge(p, r).ok());
    EXPECT_EQ(r.certificate.status, Status::within_gap);
    EXPECT_LE(r.certificate.gap(), 1e-3);
    int priced = 0;
    for (const double mu : r.quota_prices) priced += mu != 0 ? 1 : 0;
    EXPECT_GT(priced, 5);
}

/// Utilities of few levels, and quotas that an answer to others keeps: whom equal firms go to
/// decides whether quotas are kept, and no price tells.
TEST(Quotas, LargeTiesCloseTheGap) {
    for (const double levels : {1.0, 2.0, 4.0}) {
        SCOPED_TRACE(levels);
        auto p = large_quotas(2'000, 40);
        for (double& u : p.utility.reshaped()) u = std::ceil(u * levels) / levels;
        for (Quota& q : p.limits.quotas) {
            q.at_least = std::max<std::int64_t>(0, q.at_least - 3);
            if (q.at_most != Quota::no_limit) q.at_most += 3;
        }
        const auto r = solve(p, {.gap = 1e-3});
        EXPECT_TRUE(judge(p, r).ok());
        EXPECT_EQ(r.certificate.status, Status::within_gap);
        EXPECT_LE(r.certificate.gap(), 1e-3);
    }
}

/// Rows of the best pairs, renewed, give the same bound as all pairs at once.
TEST(Quotas, PairsAtHandAreEnough) {
    const auto p = large_quotas(400, 20);
    const DenseSource source(p.utility);
    Control control;
    detail::QuotaProblem all(source, p.limits, 1), some(source, p.limits, 1);
    ASSERT_TRUE(all.take_all(control));
    std::vector<double> prices(all.limits(), 0.0);
    detail::QuotaDual whole(all, detail::QuotaDual::Aim::least_bound, 1, control);
    whole.run(prices, 0.3, HUGE_VAL, 1e-7);
    for (int round = 0; round < 6; ++round) whole.run(whole.prices(), 0.02, HUGE_VAL, 1e-7);
    detail::QuotaProblem::Look look = some.look(prices, 4, control);
    for (int round = 0; round < 30 && look.added > 0; ++round) {
        detail::QuotaDual part(some, detail::QuotaDual::Aim::least_bound, 1, control);
        part.run(prices, 0.1, 1, 1e-7);
        prices = part.prices();
        look = some.look(prices, 4, control);
    }
    EXPECT_LT(some.pairs(), all.pairs());
    // Each descent ends a little above the least bound.
    EXPECT_NEAR(look.bound, whole.bound(), 5e-4 * whole.bound());
    EXPECT_NEAR(all.bound_at_hand(prices), look.bound, 1e-9 * whole.bound());
}

TEST(Quotas, ThreadsGiveTheSameBitsAndSeedsAreFree) {
    const auto p = large_quotas(120, 8);
    const auto one = solve(p, {.gap = 1e-3, .threads = 1});
    EXPECT_TRUE(judge(p, one).ok());
    for (const unsigned threads : {2U, 3U}) {
        const auto more = solve(p, {.gap = 1e-3, .threads = threads});
        EXPECT_EQ(more.pairs, one.pairs);
        EXPECT_EQ(more.prices, one.prices);
        EXPECT_EQ(more.quota_prices, one.quota_prices);
        EXPECT_EQ(more.certificate.bound, one.certificate.bound);
    }
    EXPECT_TRUE(judge(p, solve(p, {.gap = 1e-3, .seed = 7})).ok());
}

TEST(Quotas, PinsCount) {
    SmallProblem p;
    p.utility = DenseSource::Matrix{{5, 1}, {4, 1}, {3, 1}};
    p.limits.capacity = {3, 3};
    p.limits.pinned = {{FirmId(2U), AdviserId(0U)}};
    p.limits.quotas = {{std::nullopt, std::vector{AdviserId(0U)}, 0, 2, "first"}};
    const auto r = solve(p);
    EXPECT_TRUE(judge(p, r).ok());
    EXPECT_EQ(r.certificate.objective, 5 + 1 + 3);
}

// ---- stopped early ----

TEST(QuotasStopped, AtAnyMomentIsBoundedAndTellsWhatItBreaks) {
    const auto p = large_quotas(300, 12);
    const auto whole = solve(p, {.gap = 1e-3});
    for (const double limit : {0.0, 1e-3, 1e-2, 0.1}) {
        Control control(limit);
        const DenseSource source(p.utility);
        const auto r = testing::assign(source, p.limits, {.gap = 0}, control);
        EXPECT_EQ(r.certificate.status, Status::time_limit);
        EXPECT_EQ(judge(p, r).ok(), r.blockers.empty());
        EXPECT_GE(r.certificate.bound, whole.certificate.objective);
    }
}

// ---- what cannot be ----

TEST(QuotasBlockers, AQuotaThatTooFewFirmsCouldMeetIsNamed) {
    SmallProblem p;
    p.utility = DenseSource::Matrix{{1, 1}, {1, 1}, {1, 1}};
    p.limits.capacity = {3, 3};
    p.limits.quotas = {
        {std::nullopt, std::nullopt, 0, 3, "fine"},
        {std::vector{FirmId(0U), FirmId(2U)}, std::nullopt, 3, Quota::no_limit, "x"}};
    const auto r = solve(p);
    ASSERT_EQ(r.certificate.status, Status::infeasible);
    ASSERT_EQ(r.blockers.size(), 1U);
    EXPECT_EQ(r.blockers[0].kind, Blocker::Kind::quota);
    EXPECT_EQ(r.blockers[0].index, 1U);
    EXPECT_EQ(r.blockers[0].shortfall, 1);
    EXPECT_NE(r.blockers[0].reason.find("quota x"), std::string::npos);
    EXPECT_TRUE(judge(p, r).ok());
}

TEST(QuotasBlockers, QuotasThatContradictEachOtherAreProvenSo) {
    auto p = large_quotas(200, 8);
    std::vector<AdviserId> half;
    for (std::uint32_t j = 0; j < 4; ++j) half.emplace_back(j);
    // Seats are for 88 firms in each half; the quotas call for 60 + 60 of disjoint firms in one.
    std::vector<FirmId> low, high;
    for (std::uint32_t i = 0; i < 200; ++i) (i < 100 ? low : high).emplace_back(i);
    p.limits.quotas = {{low, half, 60, Quota::no_limit, "low"},
                       {high, half, 60, Quota::no_limit, "high"}};
    const auto r = solve(p);
    ASSERT_EQ(r.certificate.status, Status::infeasible);
    ASSERT_FALSE(r.blockers.empty());
    EXPECT_TRUE(std::any_of(r.blockers.begin(), r.blockers.end(), [](const Blocker& b) {
        return b.kind == Blocker::Kind::quota && b.shortfall > 0;
    }));
    EXPECT_TRUE(judge(p, r).ok());
    auto lie = r;
    lie.quota_prices[1] = 0;  // half of the proof
    EXPECT_FALSE(judge(p, lie).ok());
    lie = r;
    lie.blockers.clear();
    EXPECT_FALSE(judge(p, lie).ok());
    lie = r;
    lie.prices[0] = -1;  // there is no minimum load
    EXPECT_FALSE(judge(p, lie).ok());
    p.limits.quotas[1].at_least = 28;
    EXPECT_NE(solve(p, {.gap = 1e-2}).certificate.status, Status::infeasible);
    EXPECT_FALSE(judge(p, r).ok());  // the prices of another problem
}

TEST(QuotasBlockers, LimitsThatContradictEachOtherAloneHaveMembersButNoRelaxation) {
    SmallProblem p;
    p.utility = DenseSource::Matrix{{1, 1}, {1, 1}, {1, -HUGE_VAL}};
    p.limits.capacity = {1, 1};
    p.limits.min_demand = {1, 1, 1};
    p.limits.quotas = {{std::nullopt, std::nullopt, 1, 3, "any"}};
    const auto judged = [&](std::string_view what) {
        const auto r = solve(p);
        ASSERT_EQ(r.certificate.status, Status::infeasible) << what;
        ASSERT_FALSE(r.blockers.empty()) << what;
        EXPECT_FALSE(r.blockers[0].reason.empty()) << what;
        EXPECT_TRUE(r.relaxation.empty() && r.relaxed_pairs.empty()) << what;
        EXPECT_EQ(r.quota_prices.size(), p.limits.quotas.size()) << what;
        EXPECT_TRUE(judge(p, r).ok()) << what;
    };
    judged("too few places");
    EXPECT_EQ(solve(p).blockers[0].firms.size(), 3U);
    p.limits.capacity = {3, 3};
    p.limits.pinned = {{FirmId(2U), AdviserId(1U)}};
    judged("a pin that is not eligible");
    p.limits.pinned = {{FirmId(0U), AdviserId(0U)}, {FirmId(0U), AdviserId(1U)}};
    judged("two pins for a demand of 1");
    p.limits.pinned.clear();
    p.utility(2, 0) = -HUGE_VAL;
    judged("a firm that fits nowhere");
    p.utility(2, 0) = 1;
    p.limits.quotas = {{std::nullopt, std::vector{AdviserId(0U)}, 0, 0, "closed"}};
    judged("a quota closes the only adviser");
    p.limits.pinned = {{FirmId(0U), AdviserId(0U)}};
    judged("a pin beyond a quota");
    p.limits.pinned.clear();
    p.limits.quotas[0].at_most = 1;
    EXPECT_TRUE(judge(p, solve(p)).ok());
    EXPECT_NE(solve(p).certificate.status, Status::infeasible);
}

// ---- faults ----

TEST(QuotasFaults, AreNamedByRowAndColumn) {
    auto p = large_quotas(10, 3);
    p.limits.quotas = {{std::vector{FirmId(0U), FirmId(10U)}, std::nullopt, 0, 1, ""},
                       {std::nullopt, std::vector{AdviserId(1U), AdviserId(1U)}, -1, -2, ""}};
    p.limits.demand.assign(10, 2);
    try {
        (void)solve(p, {.exact = true});
        FAIL() << "no InputError";
    } catch (const InputError& error) {
        const auto named = [&](std::string_view table, std::int64_t row, std::string_view column) {
            return std::any_of(error.faults().begin(), error.faults().end(), [&](const Fault& f) {
                return f.table == table && f.row == row && f.column == column;
            });
        };
        EXPECT_TRUE(named("quotas", 0, "firms"));
        EXPECT_TRUE(named("quotas", 1, "advisers"));
        EXPECT_TRUE(named("quotas", 1, "at_least"));
        EXPECT_TRUE(named("quotas", 1, "at_most"));
        EXPECT_TRUE(named("demand", 0, ""));
        EXPECT_TRUE(named("exact", -1, ""));
    }
}

// ---- the judge sees what is wrong ----

TEST(QuotasJudge, SeesWhatWasChanged) {
    auto p = large_quotas(60, 5);
    const auto r = solve(p, {.gap = 1e-3});
    ASSERT_TRUE(judge(p, r).ok());
    const auto refused = [&](const std::function<void(AssignmentResult&)>& change) {
        AssignmentResult changed = r;
        change(changed);
        return !judge(p, changed).ok();
    };
    EXPECT_FALSE(refused([](auto&) {}));
    EXPECT_TRUE(refused([](auto& c) {
        c.certificate.objective = std::nextafter(c.certificate.objective, HUGE_VAL);
    }));
    EXPECT_TRUE(refused(
        [](auto& c) { c.certificate.bound = std::nextafter(c.certificate.bound, -HUGE_VAL); }));
    EXPECT_TRUE(refused([](auto& c) {
        c.certificate.status = Status::infeasible;
        c.pairs.clear();
        c.blockers.push_back({});
    }));
    EXPECT_TRUE(refused([](auto& c) { c.certificate.objective += 1; }));
    EXPECT_TRUE(refused([](auto& c) { c.certificate.bound -= 1e-3; }));
    EXPECT_TRUE(refused([](auto& c) { c.prices[0] += 0.5; }));
    EXPECT_TRUE(refused([](auto& c) { c.quota_prices[1] += 0.5; }));
    EXPECT_TRUE(refused([](auto& c) { c.quota_prices[1] = HUGE_VAL; }));
    EXPECT_TRUE(refused([](auto& c) { c.quota_prices.pop_back(); }));
    // Quota 0 has no largest count, so nothing pays for a price above 0.
    EXPECT_EQ(p.limits.quotas[0].at_most, Quota::no_limit);
    EXPECT_TRUE(refused([](auto& c) { c.quota_prices[0] = 0.1; }));
    std::int64_t held = 0;
    for (const Pair& pair : r.pairs)
        held += belongs(p.limits.quotas[1], pair.firm, pair.adviser) ? 1 : 0;
    p.limits.quotas[1].at_most = held - 1;
    EXPECT_FALSE(judge(p, r).ok());
    p.limits.quotas[1].at_most = held;
    p.limits.quotas[1].at_least = held + 1;
    EXPECT_FALSE(judge(p, r).ok());
}

}  // namespace
}  // namespace libmatch
