#include <gtest/gtest.h>

#include <libmatch/fund/grants.hpp>

#include "cpp/support/full_market.hpp"

namespace libmatch {
namespace {

std::vector<FirmId> everybody(const Market& market) {
    std::vector<FirmId> firms;
    for (std::size_t i = 0; i < market.firms.size(); ++i) firms.emplace_back(i);
    return firms;
}

GrantResult grant_all(const Market& market) {
    Control control;
    return grant(market, everybody(market), std::vector<WordSet>(market.firms.size(), 0), {},
                 control);
}

/// The best total of one firm alone: every subset of schemes, filled in every order.
double best_alone(const Market& market, FirmId i) {
    std::vector<std::size_t> schemes;
    for (std::size_t s = 0; s < market.schemes.size(); ++s) {
        if (scheme_exclusion(market, market.schemes[s], i, 0).empty()) schemes.push_back(s);
    }
    double best = 0;
    for (unsigned subset = 0; subset < 1U << schemes.size(); ++subset) {
        double sum = 0;
        int of_state = 0;
        for (std::size_t k = 0; k < schemes.size(); ++k) {
            if ((subset >> k & 1U) == 0) continue;
            sum += largest_grant(market, market.schemes[schemes[k]], i);
            of_state += market.schemes[schemes[k]].stacking_group == "state" ? 1 : 0;
        }
        if (of_state <= 1) best = std::max(best, std::min(sum, aid_limit(market, i)));
    }
    return best;
}

TEST(Grants, WithoutBudgetsEachFirmTakesItsBestStack) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        Tables tables = testing::full_tables(seed);
        Table schemes;
        for (const auto& [name, column] : tables["schemes"].columns()) {
            if (name != "budget_eur") schemes.add(name, column);
        }
        tables["schemes"] = schemes;
        const Market market = build_market(tables);
        const GrantResult result = grant_all(market);
        double expected = 0;
        for (const FirmId i : everybody(market)) expected += best_alone(market, i);
        EXPECT_NEAR(result.certificate.bound, expected, 1e-6) << seed;
        // Whole cents are lost by rounding down, one per grant at most.
        EXPECT_NEAR(result.certificate.objective, expected,
                    0.01 * static_cast<double>(result.grants.size()))
            << seed;
    }
}

TEST(Grants, BudgetsAndLimitsAreKeptAndTheBoundHolds) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        const Market market = build_market(testing::full_tables(seed));
        const GrantResult result = grant_all(market);
        std::vector<double> spent(market.schemes.size(), 0), aid(market.firms.size(), 0);
        double total = 0;
        for (const Grant& g : result.grants) {
            spent[g.scheme] += g.amount_eur;
            aid[g.firm] += g.amount_eur;
            total += g.amount_eur;
            EXPECT_GE(g.amount_eur, market.schemes[g.scheme].floor_eur);
            EXPECT_LE(g.amount_eur, market.schemes[g.scheme].cap_eur);
        }
        for (std::size_t s = 0; s < spent.size(); ++s)
            EXPECT_LE(spent[s], market.schemes[s].budget_eur + 1e-6);
        for (const FirmId i : everybody(market)) EXPECT_LE(aid[i], aid_limit(market, i) + 1e-6);
        EXPECT_NEAR(total, result.certificate.objective, 1e-6);
        EXPECT_GE(result.certificate.bound, result.certificate.objective - 1e-6);
        EXPECT_LT(result.certificate.gap(), 0.02) << seed;
    }
}

TEST(Grants, AScarceBudgetHasAPriceAndAPlentifulOneHasNone) {
    const Market market = build_market(testing::full_tables(1));
    const GrantResult result = grant_all(market);
    EXPECT_GT(result.prices[0], 0.5);  // the EU line is asked for by all
    EXPECT_EQ(result.prices[3], 0);    // the region has no ceiling
}

}  // namespace
}  // namespace libmatch
