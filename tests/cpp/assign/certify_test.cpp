// Certificates beside exact arithmetic, at prices of any kind: no bound is too low, no objective
// too high, and neither is off by more than rounding.
#include <gtest/gtest.h>

#include <cpp/support/counting_source.hpp>
#include <cpp/support/exact_figures.hpp>
#include <cpp/support/small_market.hpp>
#include <cpp/support/small_problem.hpp>
#include <libmatch/assign/certify.hpp>
#include <libmatch/assign/hours_problem.hpp>
#include <libmatch/retrieve/hours_source.hpp>
#include <libmatch/retrieve/market_source.hpp>

namespace libmatch {
namespace {

/// Figures that rounding likes to get wrong.
double wild(Random& random) {
    constexpr double some[] = {0,    0.1,  0.2,   0.3,    0.7, 1,      1.0 / 3, 1e9,
                               1e-9, 1e15, 1e-30, 1e-300, 2.5, 5e-324, -1e9,    -0.1};
    if (random.below(3) == 0) return some[random.below(std::size(some))];
    return std::ldexp(random.uniform(), static_cast<int>(random.below(60)) - 30);
}

struct Case {
    SmallProblem problem;
    std::vector<double> prices;
};

Case wild_case(std::uint64_t seed) {
    Random random(seed);
    Case c;
    c.problem = random_problem({.most_firms = 20,
                                .most_advisers = 70,  // blocks of a row scan and a rest
                                .density = 0.8,
                                .most_demand = seed % 2 == 0 ? 1 : 3,
                                .minimums = seed % 4 < 2 ? 0 : 0.3,
                                .pins = 0.1},
                               seed);
    SmallProblem& p = c.problem;
    const bool ties = seed % 3 == 0;
    for (Eigen::Index i = 0; i < p.utility.rows(); ++i) {
        for (Eigen::Index j = 0; j < p.utility.cols(); ++j) {
            if (p.utility(i, j) != -HUGE_VAL)
                p.utility(i, j) = ties ? 0.1 * static_cast<double>(random.below(4)) : wild(random);
        }
    }
    for (std::size_t j = 0; j < p.advisers(); ++j) {
        const double price =
            random.below(3) == 0 ? 0 : (ties ? 0.1 * random.uniform() : std::fabs(wild(random)));
        c.prices.push_back(p.limits.min_load_of(AdviserId(j)) > 0 && random.below(2) == 0 ? -price
                                                                                          : price);
    }
    return c;
}

/// Some eligible pair of each firm of demand 1, as a caller may hold.
std::vector<Pair> held_pairs(const SmallProblem& p, std::uint64_t seed) {
    Random random(seed, 9);
    std::vector<Pair> held;
    for (std::size_t i = 0; i < p.firms(); ++i) {
        const Pair pair{FirmId(i), AdviserId(random.below(p.advisers()))};
        if (p.eligible(pair.firm, pair.adviser) && random.below(3) != 0) held.push_back(pair);
    }
    return held;
}

bool judge_refuses(const PairSource& source, const AssignmentLimits& limits,
                   const std::vector<double>& prices, double bound) {
    AssignmentResult claim;
    claim.prices = prices;
    claim.certificate.status = Status::within_gap;
    claim.certificate.bound = bound;
    check::AssignmentCase problem;
    problem.stage = "assign";
    problem.firms = source.firms();
    problem.advisers = source.advisers();
    problem.eligible = [&](FirmId i, AdviserId j) { return source.eligible(i, j); };
    problem.utility = [&](FirmId i, AdviserId j) { return source.utility(i, j); };
    problem.load = [&](FirmId i, AdviserId j) { return source.load(i, j); };
    problem.firm_name = [](FirmId) { return std::string("firm"); };
    problem.adviser_name = [](AdviserId) { return std::string("adviser"); };
    check::Verdict verdict;
    testing::judge_assignment(problem, limits, claim, verdict);
    return std::any_of(verdict.violations.begin(), verdict.violations.end(),
                       [](const auto& v) { return v.subject == "bound"; });
}

/// Lists made at lower prices, true ones and rough ones, leave the proof as it is.
void expect_lists_change_nothing(const PairSource& source, const AssignmentLimits& limits,
                                 const std::vector<double>& prices, const std::vector<Pair>& held) {
    const Control control;
    std::vector<double> lower = prices;
    for (double& p : lower) p *= 0.5;
    const auto plain = prove(source, limits, prices, held, 1, control);
    const auto all = detail::all_firms(source.firms());
    for (const auto& before : {prices, lower}) {
        CandidateLists lists(source.firms(), 3), rough(source.firms(), 3);
        source.best(all, before, lists, 1, control, -1e-3);
        source.best_roughly(all, before, rough, 1, control, -1e-3);
        EXPECT_EQ(prove(source, limits, prices, held, 2, control, {&lists, false}).bound,
                  plain.bound);
        EXPECT_EQ(prove(source, limits, prices, held, 2, control, {&rough, true}).bound,
                  plain.bound);
    }
}

void expect_true(const PairSource& source, const AssignmentLimits& limits,
                 const std::vector<double>& prices, const std::vector<Pair>& held) {
    const Control control;
    const Whole dual = exact_dual(source, limits, prices);
    // From an objective that no gap closes, and from one that only a true bound closes.
    for (const double objective : {-HUGE_VAL, HUGE_VAL}) {
        const double bound = bound_of(source, limits, prices, held, objective, 2, control);
        ASSERT_TRUE(std::isfinite(bound));
        EXPECT_GE(scaled(bound), dual);
        if (objective > 0) {
            EXPECT_LE(scaled(std::nextafter(bound, -HUGE_VAL)), dual) << bound;
        }
    }
    EXPECT_LE(scaled(objective_of(source, held, 2)), exact_objective(source, held));
    if (std::none_of(prices.begin(), prices.end(), [](double p) { return p < 0; }))
        expect_lists_change_nothing(source, limits, prices, held);

    // The judge finds the same figure, pair by pair, and takes nothing below it.
    const double least = bound_of(source, limits, prices, held, HUGE_VAL, 1, control);
    EXPECT_FALSE(judge_refuses(source, limits, prices, least));
    EXPECT_TRUE(judge_refuses(source, limits, prices, std::nextafter(least, -HUGE_VAL)));
}

TEST(Certify, DenseAndSparseAreNeverBetterThanTheTruth) {
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        const Case c = wild_case(seed);
        const SmallProblem& p = c.problem;
        const auto held = held_pairs(p, seed);
        expect_true(DenseSource(p.utility), p.limits, c.prices, held);
        std::vector<std::int64_t> begin{0};
        std::vector<std::uint32_t> column;
        std::vector<double> value;
        for (std::size_t i = 0; i < p.firms(); ++i) {
            for (std::size_t j = 0; j < p.advisers(); ++j) {
                if (!p.eligible(FirmId(i), AdviserId(j))) continue;
                column.push_back(static_cast<std::uint32_t>(j));
                value.push_back(p.at(FirmId(i), AdviserId(j)));
            }
            begin.push_back(static_cast<std::int64_t>(column.size()));
        }
        expect_true(SparseSource(p.advisers(), begin, column, value), p.limits, c.prices, held);
    }
}

TEST(Certify, MarketsWithHugeBonusesAreNeverBetterThanTheTruth) {
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Tables tables = random_market_tables(seed, 60, 40);
        Random random(seed, 4);
        TextColumn firm, adviser, kind;
        std::vector<double> value;
        for (int k = 0; k < 600; ++k) {
            firm.push_back("F" + std::to_string(random.below(60)));
            adviser.push_back("A" + std::to_string(random.below(40)));
            kind.push_back("bonus");
            value.push_back(random.below(2) == 0 ? 1e9 : 1e-9 * random.uniform());
        }
        tables["pairs"] = table({{"firm_id", firm},
                                 {"adviser_id", adviser},
                                 {"kind", kind},
                                 {"value", numbers(value)}});
        // Without coverage nothing but the scale of the scores says how far rounding goes.
        put(tables, "programmes", "coverage", numbers({seed % 2 == 0 ? 0 : 0.6, 0.7}));
        const Market market = testing::build_market(tables);
        const Scorer scorer(market, ProgrammeId(0U));
        const MarketSource source(scorer);
        AssignmentLimits limits;
        limits.capacity = market.advisers.capacity;
        limits.demand = market.firms.demand;
        std::vector<double> prices;
        std::vector<Pair> held;
        for (std::size_t j = 0; j < market.advisers.size(); ++j) {
            prices.push_back(random.below(3) == 0 ? 0
                             : random.below(2) == 0
                                 ? 1e9 * (1 + 1e-15 * static_cast<double>(random.below(9)))
                                 : random.uniform());
        }
        for (std::size_t i = 0; i < market.firms.size(); ++i) {
            for (std::size_t j = 0; j < market.advisers.size(); ++j) {
                if (!source.eligible(FirmId(i), AdviserId(j))) continue;
                held.push_back({FirmId(i), AdviserId(j)});
                break;
            }
        }
        expect_true(source, limits, prices, held);
    }
}

TEST(Certify, ListsInStepsTellMostOfAMarket) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Tables tables = random_market_tables(seed, 200, 90);
        tables.erase("pairs");  // firms with notes are listed in full
        const Market market = testing::build_market(tables);
        const Scorer scorer(market, ProgrammeId(0U));
        const MarketSource source(scorer);
        ASSERT_GT(source.rough_error(), 0);
        AssignmentLimits limits;
        limits.capacity = market.advisers.capacity;
        limits.demand = market.firms.demand;
        Random random(seed, 5);
        std::vector<double> prices;
        for (std::size_t j = 0; j < market.advisers.size(); ++j)
            prices.push_back(0.5 * random.uniform());
        expect_lists_change_nothing(source, limits, prices, {});
        const Control control;
        CandidateLists lists(source.firms(), 8);
        const auto all = detail::all_firms(source.firms());
        source.best_roughly(all, prices, lists, 1, control, -4 * source.rough_error());
        const CountingSource counted(source);
        (void)prove(counted, limits, prices, {}, 1, control, {&lists, true});
        EXPECT_LT(counted.asked(), source.firms() / 2);
    }
}

TEST(Certify, UtilitiesBeyondSinglePrecisionHideNoPair) {
    SmallProblem p;
    p.utility.resize(3, 2);
    p.utility << 1e300, 2e300, 1e-300, 2e-300, 3e-46, 4e-46;
    p.limits.capacity = {1, 1};
    const std::vector<Pair> held{
        {FirmId(0U), AdviserId(0U)}, {FirmId(1U), AdviserId(0U)}, {FirmId(2U), AdviserId(0U)}};
    expect_true(DenseSource(p.utility), p.limits, {0, 0}, held);
}

TEST(Certify, TiesAreResolvedWhereTheyAreAllOfTheGap) {
    // 1 - 0.1 is rounded up, to 0.9.
    SmallProblem p;
    p.utility.resize(1, 1);
    p.utility << 1;
    p.limits.capacity = {0};
    const DenseSource source(p.utility);
    const Control control;
    EXPECT_EQ(bound_of(source, p.limits, std::vector{0.1}, {}, 0, 1, control),
              std::nextafter(0.9, 1));
    EXPECT_EQ(bound_of(source, p.limits, std::vector{0.1}, {}, 0.9, 1, control), 0.9);
}

TEST(Certify, ManyTiesAreLookedAtInParts) {
    SmallProblem p;
    p.utility.resize(3'000, 1'500);  // more pairs than one part holds
    p.utility.setConstant(0.7);
    p.limits.capacity.assign(1'500, 1);
    const DenseSource source(p.utility);
    const std::vector<double> prices(1'500, 0.7 - 1e-17);
    const Control control;
    EXPECT_EQ(bound_of(source, p.limits, prices, {}, HUGE_VAL, 0, control),
              bound_of(source, p.limits, prices, {}, HUGE_VAL, 1, control));
}

TEST(Certify, HoursAreNeverBetterThanTheTruth) {
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Case c = wild_case(4 * seed + 2 * (seed % 2));  // demand 1; some with minimums
        SmallProblem& p = c.problem;
        Random random(seed, 7);
        DenseSource::Matrix load(p.utility.rows(), p.utility.cols());
        for (Eigen::Index i = 0; i < load.rows(); ++i) {
            for (Eigen::Index j = 0; j < load.cols(); ++j)
                load(i, j) = random.below(4) == 0 ? 1 : std::fabs(wild(random));
        }
        p.limits.capacity.clear();
        p.limits.min_load.clear();
        for (double& price : c.prices) {
            price = std::fabs(price);
            p.limits.hours.push_back(std::fabs(wild(random)));
        }
        const DenseSource pairs(p.utility);
        const HoursSource source(pairs, [&](FirmId i, AdviserId j) {
            return load(static_cast<Eigen::Index>(i.value), static_cast<Eigen::Index>(j.value));
        });
        // All of it times 2^2148.
        Whole dual = 0, size = 0;
        const auto add = [&](const Whole& term) {
            dual += term;
            size += abs(term);
        };
        bool served = true;
        for (std::size_t j = 0; j < p.advisers(); ++j)
            add(scaled(p.limits.hours[j]) * scaled(c.prices[j]));
        for (std::size_t i = 0; i < p.firms(); ++i) {
            const FirmId firm(i);
            std::vector<Whole> nets;
            bool pinned = false;
            for (std::size_t j = 0; j < p.advisers(); ++j) {
                const Pair pair{firm, AdviserId(j)};
                if (!p.eligible(firm, pair.adviser)) continue;
                const Whole cost = scaled(source.load(firm, pair.adviser)) * scaled(c.prices[j]);
                const Whole net = (scaled(p.at(firm, pair.adviser)) << 1074) - cost;
                size += cost;
                if (p.pinned(pair)) {
                    pinned = true;
                    add(net);
                }
                nets.push_back(net);
            }
            if (pinned || p.limits.demand_of(firm) == 0) continue;
            const bool must = p.limits.min_demand_of(firm) > 0;
            if (must && nets.empty()) served = false;
            if (nets.empty()) continue;
            const Whole best = *std::max_element(nets.begin(), nets.end());
            if (must || best > 0) add(best);
        }
        if (!served) continue;
        const auto problem = detail::gather_hours(source, p.limits, 1);
        const double bound = detail::hours_bound(problem, p.limits.hours, c.prices);
        ASSERT_TRUE(std::isfinite(bound));
        const auto above = [&](double x) { return Whole((scaled(x) << 1074) - dual); };
        EXPECT_GE(above(bound), 0);
        // A last place of the sum, and a few of the terms.
        const Whole last_place =
            (scaled(std::nextafter(std::fabs(bound), HUGE_VAL)) - scaled(std::fabs(bound))) << 1074;
        EXPECT_LE(above(bound), last_place + (size >> 48));
        EXPECT_FALSE(judge_refuses(source, p.limits, c.prices, bound));
        double lie = bound;
        while (above(lie) >= 0) lie = std::nextafter(lie, -HUGE_VAL);
        if (-above(lie) > (size >> 90)) {
            EXPECT_TRUE(judge_refuses(source, p.limits, c.prices, lie));
        }
    }
}

}  // namespace
}  // namespace libmatch
