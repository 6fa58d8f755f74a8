#include <gtest/gtest.h>

#include <libmatch/fund/grants.hpp>

#include "cpp/support/full_market.hpp"
#include "cpp/support/whole_run.hpp"

namespace libmatch {
namespace {

std::vector<FirmId> everybody(const Market& market) {
    std::vector<FirmId> firms;
    for (std::size_t i = 0; i < market.firms.size(); ++i) firms.emplace_back(i);
    return firms;
}

GrantResult grant_all(const Market& market, unsigned threads = 1) {
    Control control;
    AssignmentOptions options;
    options.threads = threads;
    return grant(market, everybody(market), std::vector<Backing>(market.firms.size()), options,
                 control);
}

/// The best total of one firm alone: every subset of schemes.
Cents best_alone(const Market& market, FirmId i) {
    std::vector<std::size_t> schemes;
    for (std::size_t s = 0; s < market.schemes.size(); ++s) {
        if (scheme_exclusion(market, market.schemes[s], i, {}).empty()) schemes.push_back(s);
    }
    Cents best = 0;
    for (unsigned subset = 0; subset < 1U << schemes.size(); ++subset) {
        Cents sum = 0;
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
            if (name != "budget_eur" && name != "floor_eur") schemes.add(name, column);
        }
        tables["schemes"] = schemes;
        const Market market = testing::build_market(tables);
        const GrantResult result = grant_all(market);
        Cents expected = 0;
        for (const FirmId i : everybody(market)) expected += best_alone(market, i);
        EXPECT_EQ(result.certificate.bound, static_cast<double>(expected) * 0.01) << seed;
        EXPECT_EQ(result.certificate.objective, result.certificate.bound) << seed;
        EXPECT_EQ(result.certificate.status, Status::optimal);
    }
}

TEST(Grants, BudgetsAndLimitsAreKeptAndTheGapCloses) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        const Market market = testing::build_market(testing::full_tables(seed));
        const GrantResult result = grant_all(market);
        std::vector<Cents> spent(market.schemes.size(), 0), aid(market.firms.size(), 0);
        Cents total = 0;
        for (const Grant& g : result.grants) {
            const auto amount = static_cast<Cents>(std::llround(g.amount_eur * 100));
            spent[g.scheme] += amount;
            aid[g.firm] += amount;
            total += amount;
            EXPECT_GE(g.amount_eur, market.schemes[g.scheme].floor_eur);
            EXPECT_LE(g.amount_eur, market.schemes[g.scheme].cap_eur);
        }
        for (std::size_t s = 0; s < spent.size(); ++s)
            EXPECT_LE(spent[s], cents_down(market.schemes[s].budget_eur));
        for (const FirmId i : everybody(market)) EXPECT_LE(aid[i], aid_limit(market, i));
        EXPECT_EQ(static_cast<double>(total) * 0.01, result.certificate.objective);
        EXPECT_LE(result.certificate.gap(), 1e-4) << seed;
        EXPECT_GE(result.certificate.gap(), 0) << seed;
    }
}

TEST(Grants, AScarceBudgetHasAPriceAndAPlentifulOneHasNone) {
    const Market market = testing::build_market(testing::full_tables(1));
    const GrantResult result = grant_all(market);
    EXPECT_GT(result.prices[0], 0.5);  // the EU line is asked for by all
    EXPECT_EQ(result.prices[3], 0);    // the region has no ceiling
}

}  // namespace
}  // namespace libmatch
