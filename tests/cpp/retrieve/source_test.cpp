// Each source against loops over all pairs.
#include <gtest/gtest.h>

#include <cpp/support/small_market.hpp>
#include <cpp/support/small_problem.hpp>
#include <libmatch/retrieve/market_source.hpp>
#include <libmatch/retrieve/matrix_source.hpp>
#include <set>

namespace libmatch {
namespace {

struct Net {
    double net = 0;
    AdviserId adviser;
    double value = 0;
};

/// All eligible pairs of a firm, best net value first, then smaller adviser.
std::vector<Net> all_pairs(const PairSource& source, FirmId i, const std::vector<double>& prices) {
    std::vector<Net> nets;
    for (std::size_t j = 0; j < source.advisers(); ++j) {
        const AdviserId a(j);
        if (!source.eligible(i, a)) continue;
        const double u = source.utility(i, a);
        nets.push_back({u - prices[j], a, u});
    }
    std::stable_sort(nets.begin(), nets.end(),
                     [](const Net& a, const Net& b) { return a.net > b.net; });
    return nets;
}

std::vector<FirmId> some_firms(std::size_t n, std::uint64_t seed) {
    Random random(seed);
    std::vector<FirmId> who;
    for (std::size_t i = 0; i < n; ++i) {
        if (random.below(3) != 0) who.emplace_back(i);
    }
    for (std::size_t k = who.size(); k > 1; --k) std::swap(who[k - 1], who[random.below(k)]);
    return who;
}

void expect_best(const PairSource& source, const std::vector<FirmId>& who,
                 const std::vector<double>& prices, std::size_t width, unsigned threads) {
    CandidateLists lists(source.firms(), width);
    const Control control;
    source.best(who, prices, lists, threads, control);
    for (const FirmId i : who) {
        const auto expected = all_pairs(source, i, prices);
        const auto list = lists.of(i);
        ASSERT_EQ(list.size(), std::min(width, expected.size())) << "firm " << i.value;
        for (std::size_t k = 0; k < list.size(); ++k) {
            EXPECT_EQ(list[k].adviser, expected[k].adviser) << "firm " << i.value << " place " << k;
            EXPECT_EQ(list[k].value, static_cast<float>(expected[k].value));
        }
        if (expected.size() > width) {
            EXPECT_GE(lists.outside(i), expected[width].net) << "firm " << i.value;
            EXPECT_LE(lists.outside(i), expected[width - 1].net) << "firm " << i.value;
        } else if (expected.size() < width) {
            EXPECT_EQ(lists.outside(i), -HUGE_VAL) << "firm " << i.value;
        }
    }
}

void expect_above(const PairSource& source, const std::vector<FirmId>& who,
                  const std::vector<double>& prices, const std::vector<double>& threshold,
                  unsigned threads) {
    const Control control;
    const auto found = source.above(who, prices, threshold, threads, control);
    std::size_t at = 0;
    for (const FirmId i : who) {
        for (std::size_t j = 0; j < source.advisers(); ++j) {
            const AdviserId a(j);
            if (!source.eligible(i, a)) continue;
            const double u = source.utility(i, a);
            if (u - prices[j] < threshold[i]) continue;
            ASSERT_LT(at, found.size());
            EXPECT_EQ(found[at].firm, i);
            EXPECT_EQ(found[at].adviser, a);
            EXPECT_EQ(found[at].value, u);
            ++at;
        }
    }
    EXPECT_EQ(at, found.size());
}

void expect_answers(const PairSource& source, std::uint64_t seed, double largest_price) {
    Random random(seed, 77);
    std::vector<double> prices(source.advisers()), threshold(source.firms());
    for (double& p : prices) p = random.below(3) == 0 ? 0 : random.uniform() * largest_price;
    for (double& t : threshold) {
        t = random.below(5) == 0 ? -HUGE_VAL : (random.uniform() - 0.5) * 2 * largest_price;
    }
    const auto who = some_firms(source.firms(), seed);
    for (const unsigned threads : {1U, 2U}) {
        for (const std::size_t width : {1U, 2U, 5U, 64U}) {
            expect_best(source, who, prices, width, threads);
        }
        expect_above(source, who, prices, threshold, threads);
    }
}

TEST(MarketSource, AnswersLikeLoopsOverAllPairs) {
    for (std::uint64_t seed = 0; seed < 12; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        const Market market = random_market(seed, 150, 25);
        std::vector<std::uint8_t> reached(market.firms.size());
        for (std::size_t i = 0; i < reached.size(); ++i) reached[i] = i % 4 != 0;
        const Scorer first(market, ProgrammeId(0U)), second(market, ProgrammeId(1U), reached);
        std::size_t eligible = 0;
        for (const Scorer* scorer : {&first, &second}) {
            const MarketSource source(*scorer);
            expect_answers(source, seed, 0.6);
            for (std::size_t i = 0; i < source.firms(); ++i) {
                for (std::size_t j = 0; j < source.advisers(); ++j) {
                    const FirmId f(i);
                    const AdviserId a(j);
                    eligible += source.eligible(f, a) ? 1 : 0;
                    EXPECT_EQ(source.eligible(f, a), scorer->exclusion(f, a) == Exclusion::none);
                }
            }
        }
        EXPECT_GT(eligible, 50U) << "the market tests too little";
    }
}

/// Distinct coordinates give each firm a place of its own, so that places span several chunks.
TEST(MarketSource, AnswersOverManyPlaces) {
    Tables tables = random_market_tables(5, 200, 25);
    Random random(5);
    std::vector<double> lat(200), lon(200);
    for (std::size_t i = 0; i < 200; ++i) {
        lat[i] = 45 + random.uniform();
        lon[i] = 4 + random.uniform();
    }
    put(tables, "firms", "lat", numbers(lat));
    put(tables, "firms", "lon", numbers(lon));
    const Market market = testing::build_market(tables);
    EXPECT_GT(market.places.size(), 200U);
    const Scorer scorer(market, ProgrammeId(0U));
    expect_answers(MarketSource(scorer), 5, 0.6);
}

/// Several blocks of advisers per place, with levels and weights that steps cannot hold exactly.
TEST(MarketSource, AnswersOverManyBlocks) {
    for (std::uint64_t seed = 0; seed < 4; ++seed) {
        Tables tables = random_market_tables(seed, 80, 400);
        Random random(seed);
        std::vector<double> need, weight, level;
        for (int i = 0; i < 80; ++i) {
            need.push_back(random.uniform() * 4);
            weight.push_back(std::pow(10, random.uniform() * 6 - 3));
        }
        for (int j = 0; j < 400; ++j) level.push_back(random.uniform() * 4);
        if (seed % 2 == 1) {
            put(tables, "firms", "need_web", numbers(need));
            put(tables, "firms", "weight_web", numbers(weight));
            put(tables, "advisers", "skill_web", numbers(level));
        }
        const Market market = testing::build_market(tables);
        const Scorer first(market, ProgrammeId(0U)), second(market, ProgrammeId(1U));
        expect_answers(MarketSource(first, 2), seed, 0.6);
        expect_answers(MarketSource(second), seed, 0.6);
    }
}

/// Prices far outside the range of scores, of either sign, and all equal net values.
TEST(MarketSource, AnswersAtAnyPrices) {
    const Market market = random_market(3, 60, 120);
    const Scorer scorer(market, ProgrammeId(0U));
    const MarketSource source(scorer);
    const auto who = some_firms(60, 1);
    Random random(4);
    for (const double scale : {1e-9, 3.0, 1e6, 1e12}) {
        std::vector<double> prices(120);
        for (double& p : prices) p = (random.uniform() - 0.5) * scale;
        for (const std::size_t width : {1U, 7U, 64U}) expect_best(source, who, prices, width, 2);
        expect_above(source, who, prices, std::vector<double>(60, 0.1), 1);
        expect_above(source, who, prices, std::vector<double>(60, -HUGE_VAL), 1);
    }
}

/// More trades than masks are kept for.
TEST(MarketSource, AnswersWithManyTrades) {
    constexpr std::size_t firms = 1'500;
    Tables tables = random_market_tables(2, firms, 60);
    TextColumn naf;
    for (std::size_t i = 0; i < firms; ++i) {
        const std::string digits = std::to_string(1'000 + i);
        naf.push_back(digits.substr(0, 2) + "." + digits.substr(2, 2) + "ABCDEFGH"[i % 8]);
    }
    TextColumn served;
    for (std::size_t j = 0; j < 60; ++j)
        served.push_back(j % 2 == 0 ? "" : j % 3 == 0 ? "1" : "24");
    put(tables, "firms", "naf", naf);
    put(tables, "advisers", "naf_in", served);
    const Market market = testing::build_market(tables);
    const Scorer scorer(market, ProgrammeId(0U));
    ASSERT_GT(scorer.trades(), 1'024U);
    expect_answers(MarketSource(scorer), 2, 0.6);
}

/// Lists that are made again use what they held before, whether prices rose or fell.
TEST(MarketSource, AnswersTheSameFromEarlierLists) {
    const Market market = random_market(7, 120, 300);
    const Scorer scorer(market, ProgrammeId(0U));
    const MarketSource source(scorer);
    const Control control;
    const auto who = some_firms(120, 7);
    Random random(7);
    std::vector<double> prices(300, 0.3);
    CandidateLists again(120, 6);
    for (int turn = 0; turn < 6; ++turn) {
        for (double& p : prices) p = std::max(0.0, p + (random.uniform() - 0.5) * 0.2);
        CandidateLists fresh(120, 6);
        source.best(who, prices, fresh, 1, control, 0);
        source.best(who, prices, again, 2, control, 0);
        for (const FirmId i : who) {
            const auto a = fresh.of(i), b = again.of(i);
            ASSERT_EQ(a.size(), b.size());
            for (std::size_t k = 0; k < a.size(); ++k) EXPECT_EQ(a[k].adviser, b[k].adviser);
            EXPECT_EQ(fresh.outside(i), again.outside(i));
        }
    }
}

/// Values are near the true ones, and no pair is left out that is clearly better than a listed one.
void expect_rough(const MarketSource& source, const std::vector<FirmId>& who,
                  const std::vector<double>& prices, std::size_t width, double least) {
    CandidateLists lists(source.firms(), width), again(source.firms(), width);
    const Control control;
    source.best_roughly(who, prices, lists, 1, control, least);
    source.best_roughly(who, prices, again, 3, control, least);
    const double near = 4 * source.rough_error();
    for (const FirmId i : who) {
        const auto list = lists.of(i), other = again.of(i);
        ASSERT_EQ(list.size(), other.size());
        std::set<std::uint32_t> listed;
        for (std::size_t k = 0; k < list.size(); ++k) {
            EXPECT_EQ(list[k].adviser, other[k].adviser);
            EXPECT_EQ(list[k].value, other[k].value);
            ASSERT_TRUE(source.eligible(i, list[k].adviser));
            EXPECT_TRUE(listed.insert(list[k].adviser.value).second);
            EXPECT_NEAR(list[k].value, source.utility(i, list[k].adviser),
                        source.rough_error_of(i) + 1e-6 * std::fabs(list[k].value));
            EXPECT_GE(static_cast<double>(list[k].value) - prices[list[k].adviser], least - near);
        }
        EXPECT_EQ(lists.outside(i), again.outside(i));
        std::size_t left_out = 0;
        for (const Net& pair : all_pairs(source, i, prices)) {
            if (listed.contains(pair.adviser.value)) continue;
            ++left_out;
            EXPECT_LE(pair.net, lists.outside(i) + source.rough_error_of(i)) << "firm " << i.value;
        }
        if (lists.outside(i) == -HUGE_VAL) {
            EXPECT_EQ(left_out, 0U);
        }
        const auto clear = all_pairs(source, i, prices);
        const auto reach = std::count_if(clear.begin(), clear.end(),
                                         [&](const Net& pair) { return pair.net > least + near; });
        EXPECT_GE(list.size(), std::min<std::size_t>(width / 2, static_cast<std::size_t>(reach)));
    }
}

TEST(MarketSource, RoughListsAreNearTheTrueOnes) {
    for (std::uint64_t seed = 0; seed < 8; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        const Market market = random_market(seed, 150, 20 + 90 * (seed % 4));
        const Scorer scorer(market, ProgrammeId(seed % 2));
        const MarketSource source(scorer);
        ASSERT_GT(source.rough_error(), 0);
        const auto who = some_firms(150, seed);
        Random random(seed);
        std::vector<double> prices(market.advisers.size());
        for (double& p : prices) p = random.uniform() * 0.3;
        for (const std::size_t width : {2U, 8U, 32U, 500U}) {
            for (const double least : {-1e-3, 0.0, 0.2})
                expect_rough(source, who, prices, width, least);
        }
    }
}

TEST(MarketSource, RoughListsOfFirmsWhoseBestTieAreOfDifferentAdvisers) {
    // Nothing but the distance could tell them apart, and all work remotely.
    Tables tables = random_market_tables(3, 40, 400);
    put(tables, "programmes", "coverage", numbers({0, 0}));
    put(tables, "programmes", "trust", numbers({0, 0}));
    put(tables, "advisers", "remote", numbers(std::vector<double>(400, 1), NumberKind::boolean));
    const Market market = testing::build_market(tables);
    const Scorer scorer(market, ProgrammeId(0U));
    const MarketSource source(scorer);
    const auto who = some_firms(40, 3);
    const std::vector<double> prices(market.advisers.size());
    expect_rough(source, who, prices, 8, 0);
    CandidateLists lists(40, 8);
    source.best_roughly(who, prices, lists, 1, Control(), 0);
    std::set<std::uint32_t> listed;
    for (const FirmId i : who) {
        for (const Candidate& c : lists.of(i)) listed.insert(c.adviser.value);
    }
    EXPECT_GT(listed.size(), 8U * market.places.size());  // more than if places alone told
}

TEST(DenseSource, AnswersLikeLoopsOverAllPairs) {
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        const auto p = random_problem({.most_firms = 400,
                                       .most_advisers = 20,
                                       .density = 0.7,
                                       .low = seed % 2 == 0 ? -50 : 0,
                                       .high = seed % 2 == 0 ? 50 : 2},
                                      seed);
        expect_answers(DenseSource(p.utility), seed, 20);
    }
}

TEST(SparseSource, AnswersLikeLoopsOverAllPairs) {
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        const auto p = random_problem({.most_firms = 400,
                                       .most_advisers = 20,
                                       .density = seed % 5 == 0 ? 0.02 : 0.3,
                                       .low = -2,
                                       .high = 3},
                                      seed);
        std::vector<std::int64_t> begin{0};
        std::vector<std::uint32_t> column;
        std::vector<double> value;
        for (std::size_t i = 0; i < p.firms(); ++i) {
            for (std::size_t j = 0; j < p.advisers(); ++j) {
                if (!p.eligible(FirmId(i), AdviserId(j))) continue;
                column.push_back(static_cast<std::uint32_t>(j));
                value.push_back(p.at(FirmId(i), AdviserId(j)));  // zeros too are eligible
            }
            begin.push_back(static_cast<std::int64_t>(column.size()));
        }
        const SparseSource sparse(p.advisers(), begin, column, value);
        expect_answers(sparse, seed, 2);
        for (std::size_t i = 0; i < p.firms(); ++i) {
            for (std::size_t j = 0; j < p.advisers(); ++j) {
                EXPECT_EQ(sparse.eligible(FirmId(i), AdviserId(j)),
                          p.eligible(FirmId(i), AdviserId(j)));
            }
        }
    }
}

TEST(Sources, StopWhenAsked) {
    const Market market = random_market(1, 50, 10);
    const Scorer scorer(market, ProgrammeId(0U));
    const MarketSource source(scorer);
    CandidateLists lists(source.firms(), 3);
    Control control;
    control.cancel();
    const std::vector<double> prices(source.advisers(), 0.0);
    source.best(some_firms(50, 1), prices, lists, 1, control);
    for (std::size_t i = 0; i < 50; ++i) EXPECT_TRUE(lists.of(FirmId(i)).empty());
}

TEST(MarketSource, NamesTheRuleOfAnExcludedPair) {
    Tables tables = bare_market();
    put(tables, "advisers", "headcount_max", numbers({3}));
    const Market market = testing::build_market(tables);
    const Scorer scorer(market, ProgrammeId(0U));
    EXPECT_EQ(MarketSource(scorer).reason(FirmId(0U), AdviserId(0U)),
              "the adviser does not serve firms of this headcount");
}

// ---- rows of several segments ----

DenseSource::Matrix wide_matrix(bool with_ties) {
    Random random(5);
    DenseSource::Matrix matrix(12, 9'001);
    for (Eigen::Index i = 0; i < matrix.rows(); ++i) {
        for (Eigen::Index j = 0; j < matrix.cols(); ++j) {
            const double value =
                with_ties ? static_cast<double>(random.below(3)) : random.uniform();
            // The last rows have few pairs, one has none.
            const bool eligible = i < 8 || (i < 11 && random.below(1'000) < 3);
            matrix(i, j) = eligible ? value : -HUGE_VAL;
        }
    }
    return matrix;
}

TEST(DenseRows, OfSeveralSegmentsAgreeWithLoops) {
    Random random(6);
    std::vector<double> prices(9'001);
    for (const bool ties : {false, true}) {
        const DenseSource::Matrix matrix = wide_matrix(ties);
        const DenseSource source(matrix);
        for (double& p : prices) p = ties ? 0 : 0.2 * random.uniform();
        std::vector<FirmId> who;
        for (std::size_t i = 0; i < source.firms(); ++i) who.emplace_back(i);
        for (const std::size_t width : {1U, 32U, 300U}) expect_best(source, who, prices, width, 1);
        for (const double threshold : {-HUGE_VAL, 0.5, 0.99, 2.0, HUGE_VAL}) {
            expect_above(source, who, prices, std::vector<double>(source.firms(), threshold), 1);
        }
    }
}

void expect_spread(const PairSource& source) {
    const std::vector<double> prices(source.advisers(), 0.0);
    std::vector<FirmId> who;
    for (std::size_t i = 0; i < source.firms(); ++i) who.emplace_back(i);
    constexpr std::size_t width = 16;
    CandidateLists lists(source.firms(), width), again(source.firms(), width);
    const Control control;
    source.best_spread(who, prices, lists, 1, control);
    source.best_spread(who, prices, again, 3, control);
    for (const FirmId i : who) {
        const auto expected = all_pairs(source, i, prices);
        const auto list = lists.of(i);
        ASSERT_EQ(list.size(), std::min(width, expected.size()));
        for (std::size_t k = 0; k < list.size(); ++k) {
            EXPECT_EQ(list[k].value, static_cast<float>(expected[k].value));
            EXPECT_EQ(source.utility(i, list[k].adviser), expected[k].value);
            EXPECT_EQ(again.of(i)[k].adviser, list[k].adviser);
        }
    }
    EXPECT_NE(lists.of(FirmId(0U))[0].adviser, lists.of(FirmId(1U))[0].adviser);
}

TEST(Rows, SpreadListsDifferInEqualPairsOnly) {
    const DenseSource::Matrix matrix = wide_matrix(true);
    expect_spread(DenseSource(matrix));
    std::vector<std::int64_t> begin{0};
    std::vector<std::uint32_t> column;
    std::vector<double> value;
    for (Eigen::Index i = 0; i < matrix.rows(); ++i) {
        for (Eigen::Index j = 0; j < matrix.cols(); ++j) {
            if (matrix(i, j) == -HUGE_VAL) continue;
            column.push_back(static_cast<std::uint32_t>(j));
            value.push_back(matrix(i, j));
        }
        begin.push_back(static_cast<std::int64_t>(column.size()));
    }
    expect_spread(SparseSource(static_cast<std::size_t>(matrix.cols()), begin, column, value));
}

}  // namespace
}  // namespace libmatch
