// Sites with limits and firms bound to each other, against brute force and under the judge.
#include <gtest/gtest.h>

#include <functional>
#include <map>

#include <cpp/support/whole_run.hpp>
#include <libmatch/model/pool_words.hpp>
#include <libmatch/model/pooling.hpp>
#include <libmatch/model/pooling_faults.hpp>

#include "cases.hpp"

namespace {

using namespace libmatch;
using libmatch::testing::complaints;
using pooling_cases::country;
using pooling_cases::small_problem;

/// The optimum by trying every partition, rule and seat; for a handful of firms.
double best_value(const PoolProblem& problem) {
    const std::size_t n = problem.amount.size();
    const std::size_t none = problem.sites.size();
    const auto km = [&](PoolPlace p, PoolPlace q) {
        return problem.metric == Metric::plane ? std::hypot(p.a - q.a, p.b - q.b)
                                               : distance_km(LatLon{p.a, p.b}, LatLon{q.a, q.b});
    };
    // Worth of each set by site; the last one stands for members' places.
    std::vector<std::map<std::size_t, double>> worth(std::size_t{1} << n);
    for (std::size_t set = 1; set < worth.size(); ++set) {
        const auto holds = [&](FirmId i) { return (set >> i.value & 1) != 0; };
        bool kept = true;
        for (const auto& [a, b] : problem.together) kept = kept && holds(a) == holds(b);
        for (const auto& [a, b] : problem.apart) kept = kept && !(holds(a) && holds(b));
        if (!kept) continue;
        std::vector<FirmId> members;
        double sum = 0, value = 0;
        for (std::size_t i = 0; i < n; ++i) {
            if (!(set >> i & 1)) continue;
            members.emplace_back(i);
            sum += problem.amount[i];
            value += problem.value_of(FirmId(i));
        }
        for (std::size_t k = 0; k < problem.rules.size(); ++k) {
            const PoolRule& keyed = problem.rules[k];
            const DossierRule& rule = keyed.rule;
            const auto count = static_cast<std::int64_t>(members.size());
            const std::uint32_t cell = keyed.cell_of(members.front());
            if (sum < rule.lowest_sum() || sum > rule.highest_sum() || count < rule.min_members ||
                count > rule.max_members || cell == PoolRule::no_cell ||
                std::any_of(members.begin(), members.end(),
                            [&](FirmId i) { return keyed.cell_of(i) != cell; })) {
                continue;
            }
            const auto meet = [&](PoolPlace at, std::size_t site) {
                double travel = 0;
                for (const FirmId i : members) {
                    const double far = km(problem.place[i], at);
                    if (far > rule.max_radius_km) return;
                    travel += far * rule.cost_per_km;
                }
                const double here = value - travel - rule.opening_cost;
                const auto [slot, fresh] = worth[set].try_emplace(site, here);
                if (!fresh) slot->second = std::max(slot->second, here);
            };
            if (problem.metric == Metric::none) {
                const double here = value - rule.opening_cost;
                const auto [slot, fresh] = worth[set].try_emplace(none, here);
                if (!fresh) slot->second = std::max(slot->second, here);
            } else if (problem.at_sites(k)) {
                for (std::size_t s = 0; s < problem.sites.size(); ++s) {
                    if (static_cast<double>(count) <= problem.seats_at(s))
                        meet(problem.sites[s], s);
                }
            } else {
                for (const FirmId i : members) meet(problem.place[i], none);
            }
        }
    }
    std::vector<double> used(problem.sites.size(), 0);
    const std::function<double(std::size_t)> best = [&](std::size_t set) -> double {
        if (set == 0) return 0;
        const std::size_t low = set & (0 - set);
        double most = best(set ^ low);
        for (std::size_t part = set; part != 0; part = (part - 1) & set) {
            if (!(part & low)) continue;
            for (const auto& [site, value] : worth[part]) {
                if (site != none && used[site] >= problem.sessions_at(site)) continue;
                if (site != none) used[site] += 1;
                most = std::max(most, value + best(set ^ part));
                if (site != none) used[site] -= 1;
            }
        }
        return most;
    };
    return best((std::size_t{1} << n) - 1);
}

/// Sites with few sessions and seats; some rules meet at members.
PoolProblem with_sites(PoolProblem problem, std::uint64_t seed) {
    Random random(seed + 1'000'000);
    if (problem.metric == Metric::none) {
        problem.metric = Metric::plane;
        for (std::size_t i = 0; i < problem.amount.size(); ++i)
            problem.place.push_back({100 * random.uniform(), 100 * random.uniform()});
    }
    problem.sites.clear();
    const bool sphere = problem.metric == Metric::sphere;
    for (std::uint64_t s = 0; s < 1 + random.below(3); ++s) {
        problem.sites.push_back(sphere ? PoolPlace{45 + random.uniform(), 4 + random.uniform()}
                                       : PoolPlace{100 * random.uniform(), 100 * random.uniform()});
        problem.sessions.push_back(random.below(4) == 0 ? HUGE_VAL
                                                        : static_cast<double>(random.below(3)));
        problem.seats.push_back(random.below(2) == 0 ? HUGE_VAL
                                                     : static_cast<double>(1 + random.below(4)));
    }
    for (PoolRule& keyed : problem.rules) {
        keyed.rule.max_radius_km = HUGE_VAL;
        if (random.below(3) == 0) keyed.rule.seat = SeatKind::member;
    }
    return problem;
}

PoolProblem with_pairs(PoolProblem problem, std::uint64_t seed) {
    Random random(seed + 2'000'000);
    const std::size_t n = problem.amount.size();
    if (n < 2) return problem;
    for (std::uint64_t k = 0; k < 1 + random.below(4); ++k) {
        const FirmId a(random.below(n)), b(random.below(n));
        if (a == b) continue;
        (random.below(2) == 0 ? problem.together : problem.apart).push_back({a, b});
    }
    return problem;
}

/// How often the optimum was reached and proven, over many small problems.
struct Tally {
    int problems = 0, reached = 0, proven = 0;
    void add(const PoolProblem& problem, std::uint64_t seed) {
        Control control;
        PoolOptions options;
        options.gap = 0;
        const PoolResult result = libmatch::testing::pool(problem, options, control);
        const double optimum = best_value(problem);
        EXPECT_LE(result.certificate.objective, optimum + 1e-8) << "seed " << seed;
        EXPECT_GE(result.certificate.bound, optimum - 1e-8) << "seed " << seed;
        const check::Verdict verdict = libmatch::testing::verify(problem, result);
        EXPECT_TRUE(verdict.ok()) << "seed " << seed << "\n" << complaints(verdict);
        ++problems;
        reached += result.certificate.objective >= optimum - 1e-8;
        proven += result.certificate.status == Status::optimal;
    }
};

TEST(PoolRules, SitesKeepTheirSessionsAndSeats) {
    Tally tally;
    int scarce = 0;
    for (std::uint64_t seed = 0; seed < 250; ++seed) {
        PoolProblem problem = with_sites(small_problem(seed, 7), seed);
        tally.add(problem, seed);
        const double limited = best_value(problem);
        problem.sessions.clear();
        problem.seats.clear();
        scarce += best_value(problem) > limited + 1e-6;
    }
    EXPECT_EQ(tally.reached, tally.problems);
    EXPECT_GE(tally.proven, tally.problems * 4 / 5);
    EXPECT_GE(scarce, 25) << "the limits must matter";
}

TEST(PoolRules, FirmsStayTogetherAndApart) {
    Tally tally;
    int costly = 0;
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
        PoolProblem problem = with_pairs(small_problem(seed, 7), seed);
        tally.add(problem, seed);
        const double bound = best_value(problem);
        problem.together.clear();
        problem.apart.clear();
        costly += best_value(problem) > bound + 1e-6;
    }
    EXPECT_EQ(tally.reached, tally.problems);
    EXPECT_GE(tally.proven, tally.problems * 4 / 5);
    EXPECT_GE(costly, 50) << "the pairs must matter";
}

TEST(PoolRules, SitesAndPairsAtOnce) {
    Tally tally;
    for (std::uint64_t seed = 0; seed < 200; ++seed)
        tally.add(with_pairs(with_sites(small_problem(seed, 7), seed), seed), seed);
    EXPECT_EQ(tally.reached, tally.problems);
}

TEST(PoolRules, AreKeptOnMiddlingProblems) {
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
        const PoolProblem problem = with_pairs(with_sites(small_problem(seed, 40), seed), seed);
        Control control;
        const PoolResult result = libmatch::testing::pool(problem, {}, control);
        const check::Verdict verdict = libmatch::testing::verify(problem, result);
        EXPECT_TRUE(verdict.ok()) << "seed " << seed << "\n" << complaints(verdict);
        EXPECT_GE(result.certificate.bound, result.certificate.objective - 1e-8) << "seed " << seed;
    }
}

TEST(PoolRules, AreKeptOnLargeProblemsOnAnyNumberOfThreads) {
    PoolProblem problem = country(900, 5, 8, 150);
    Random random(3);
    for (int s = 0; s < 12; ++s) {
        problem.sites.push_back({900 * random.uniform(), 900 * random.uniform()});
        problem.sessions.push_back(static_cast<double>(1 + random.below(2)));
        problem.seats.push_back(static_cast<double>(4 + random.below(8)));
    }
    problem.rules[0].rule.seat = SeatKind::site;
    problem.rules[0].rule.max_radius_km = 150;
    problem.rules[0].rule.cost_per_km = 0.004;
    problem.rules[1].rule.opening_cost = 6;
    problem.rules[1].rule.seat = SeatKind::member;
    for (int k = 0; k < 60; ++k) {
        const FirmId a(random.below(900)), b(random.below(900));
        const bool near = problem.rules[1].cell[a] == problem.rules[1].cell[b];
        if (!(a == b)) (k % 3 == 0 && near ? problem.together : problem.apart).push_back({a, b});
    }
    for (std::size_t a = 0; a + 1 < 900 && problem.together.size() < 20; a += 7) {
        for (std::size_t b = a + 1; b < 900; ++b) {
            if (problem.rules[0].cell[a] != problem.rules[0].cell[b] ||
                problem.rules[1].cell[a] != problem.rules[1].cell[b])
                continue;
            problem.together.push_back({FirmId(a), FirmId(b)});
            break;
        }
    }
    PoolOptions options;
    options.max_rounds = 12;
    options.threads = 1;
    Control control;
    const PoolResult one = libmatch::testing::pool(problem, options, control);
    options.threads = 3;
    const PoolResult three = libmatch::testing::pool(problem, options, control);
    EXPECT_EQ(one.prices, three.prices);
    EXPECT_EQ(one.site_prices, three.site_prices);
    EXPECT_EQ(one.reasons, three.reasons);
    ASSERT_EQ(one.groups.size(), three.groups.size());
    for (std::size_t g = 0; g < one.groups.size(); ++g)
        EXPECT_EQ(one.groups[g].members, three.groups[g].members);
    const check::Verdict verdict = libmatch::testing::verify(problem, one);
    EXPECT_TRUE(verdict.ok()) << complaints(verdict);
    EXPECT_LT(one.certificate.gap(), 0.25);
    EXPECT_GT(*std::max_element(one.site_prices.begin(), one.site_prices.end()), 0);
    for (const double limit : {0.0, 0.05}) {
        Control stopped(limit);
        const check::Verdict early =
            libmatch::testing::verify(problem, libmatch::testing::pool(problem, options, stopped));
        EXPECT_TRUE(early.ok()) << complaints(early);
    }
}

TEST(PoolRules, SayWhatFirmsLeftOutWouldNeed) {
    PoolProblem problem;
    problem.metric = Metric::plane;
    problem.amount = {12'000, 9'000, 5'000, 20'000, 3'000, 8'000, 8'000};
    problem.place = {{0, 0}, {1, 0}, {0, 1}, {0, 2}, {14, 0}, {2, 0}, {500, 0}};
    problem.rules.emplace_back();
    problem.rules[0].rule.min_sum = 20'000;
    problem.rules[0].rule.max_sum = 26'000;
    problem.rules[0].rule.max_radius_km = 10;
    problem.apart = {{FirmId(2U), FirmId(0U)}};
    problem.together = {{FirmId(5U), FirmId(6U)}};
    problem.value = {9, 9, 1, 0.1, 1, 1, 1};
    problem.rules[0].rule.opening_cost = 5;
    Control control;
    const PoolResult result = libmatch::testing::pool(problem, {}, control);
    ASSERT_TRUE(libmatch::testing::verify(problem, result).ok())
        << complaints(libmatch::testing::verify(problem, result));
    ASSERT_EQ(result.groups.size(), 1U);
    ASSERT_EQ(result.groups[0].members, (std::vector<FirmId>{FirmId(0U), FirmId(1U)}));
    EXPECT_EQ(result.reasons[2], PoolReason::kept_apart);
    EXPECT_EQ(result.reasons[3], PoolReason::not_worth);
    EXPECT_EQ(result.reasons[4], PoolReason::too_few_neighbours);
    EXPECT_EQ(result.reasons[5], PoolReason::bound_to_others);
    EXPECT_EQ(result.nearest[0].group, NearestGroup::none);
    EXPECT_EQ(needs_text(result.nearest[2]), "leave to meet a firm kept apart from it");
    EXPECT_EQ(needs_text(result.nearest[3]), "15000 EUR more of the largest sum");
    const PoolPlace seat = problem.place[result.groups[0].seat];
    EXPECT_NEAR(result.nearest[4].more_km, 4 - seat.a, 1e-9);
    EXPECT_NEAR(result.missing[4], 17'000, 0.01);
    EXPECT_NEAR(result.nearest[6].more_km, 490 - seat.a, 1e-9) << "for both of the two";
    EXPECT_NEAR(result.nearest[5].more_km, 490 - seat.a, 1e-9) << "for both of the two";
}

TEST(PoolRules, NameEveryFault) {
    PoolProblem problem;
    problem.amount = {10, 10};
    problem.metric = Metric::plane;
    problem.place = {{0, 0}, {1, 0}};
    problem.sites = {{0, 0}};
    problem.sessions = {1.5};
    problem.seats = {0, 4};
    problem.together = {{FirmId(0U), FirmId(0U)}};
    problem.apart = {{FirmId(0U), FirmId(2U)}};
    problem.rules.emplace_back();
    EXPECT_EQ(faults_of(problem).size(), 5U);
    problem.sites.clear();
    problem.sessions.clear();
    problem.seats.clear();
    problem.together.clear();
    problem.apart.clear();
    problem.rules[0].rule.seat = SeatKind::site;
    EXPECT_EQ(faults_of(problem).size(), 1U);
}

}  // namespace
