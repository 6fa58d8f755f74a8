// One arrival at stored prices: beside a look at all advisers, and beside a plan solved anew.
#include <gtest/gtest.h>

#include <libmatch/plan/place.hpp>

#include "cpp/support/full_market.hpp"
#include "cpp/support/small_market.hpp"
#include "cpp/support/whole_run.hpp"

namespace libmatch {
namespace {

Plan solved(const Market& market, double gap = 1e-6) {
    SolveOptions options;
    options.gap = gap;
    options.threads = 1;
    options.stages = {"assign"};
    Control control;
    return testing::solve(market, options, control);
}

/// One row of the table firms under another name.
Tables one_firm(const Tables& tables, std::size_t row, const std::string& id) {
    Table firm;
    for (const auto& [name, column] : tables.at("firms").columns()) {
        if (const auto* t = std::get_if<TextColumn>(&column)) {
            firm.add(name, texts({name == "firm_id" ? id : std::string((*t)[row])}));
        } else {
            const auto& n = std::get<NumberColumn>(column);
            firm.add(name, NumberColumn{{n.values[row]}, n.kind});
        }
    }
    Tables out;
    out["firms"] = firm;
    return out;
}

/// The tables with one more firm, the same as row `row` but for its id.
Tables with_one_more(Tables tables, std::size_t row, const std::string& id) {
    Table firms;
    for (const auto& [name, column] : tables["firms"].columns()) {
        if (const auto* t = std::get_if<TextColumn>(&column)) {
            TextColumn cells = *t;
            cells.push_back(name == "firm_id" ? id : std::string((*t)[row]));
            firms.add(name, cells);
        } else {
            NumberColumn cells = std::get<NumberColumn>(column);
            cells.values.push_back(cells.values[row]);
            firms.add(name, cells);
        }
    }
    tables["firms"] = firms;
    return tables;
}

TEST(Place, FindsWhatALookAtAllAdvisersFinds) {
    std::size_t placed = 0, excluded = 0;
    for (std::uint64_t seed = 0; seed < 12; ++seed) {
        const Tables tables = random_market_tables(seed, 60, 14);
        const Market market = testing::build_market(tables);
        const Plan plan = solved(market);
        Placer placer(market, plan);
        ArrivalReader reader(market);
        for (std::size_t row = 1; row < 60; row += 3) {  // rows without notes
            const std::string id = "F" + std::to_string(row);
            const FirmId i(market.firm_index.at(id));
            const auto found = placer.place(reader.read(one_firm(tables, row, "new")));
            ASSERT_EQ(found.size(), 2U);
            const Scorer scorer(market, ProgrammeId(0U));
            const Placement& p = found[0];
            EXPECT_EQ(p.rule, scorer.firm_rule(i));
            if (p.rule != Exclusion::none) {
                ++excluded;
                continue;
            }
            const std::vector<double>& prices = plan.prices.at("assign:visit");
            AdviserId best;
            double most = -HUGE_VAL;
            for (std::size_t j = 0; j < prices.size(); ++j) {
                const AdviserId adviser(j);
                if (market.advisers.capacity[j] == 0 ||
                    scorer.exclusion(i, adviser) != Exclusion::none)
                    continue;
                const double net = scorer.score(i, adviser) - prices[j];
                if (net > most) best = adviser, most = net;
            }
            EXPECT_EQ(p.adviser, best) << id;
            if (!best.known()) continue;
            EXPECT_NEAR(p.net, most, 1e-12);
            EXPECT_NEAR(p.terms.score, scorer.score(i, best), 1e-12);
            EXPECT_EQ(p.outcome == Placement::Outcome::placed, most > 0);
            placed += p.outcome == Placement::Outcome::placed ? 1 : 0;
            EXPECT_EQ(found[1].rule == Exclusion::not_reached,
                      p.outcome != Placement::Outcome::placed);
        }
    }
    EXPECT_GE(placed, 20U);
    EXPECT_GT(excluded, 5U);
}

TEST(Place, TheGainIsWhatAPlanSolvedAnewCanGainAtMost) {
    std::size_t displaced = 0, gained = 0;
    for (std::uint64_t seed = 0; seed < 6; ++seed) {
        const Tables tables = testing::full_tables(seed, 120, 8);
        const Market market = testing::build_market(tables);
        const Plan plan = solved(market);
        Placer placer(market, plan);
        ArrivalReader reader(market);
        for (const std::size_t row : {5U, 50U, 90U}) {
            const auto p = placer.place(reader.read(one_firm(tables, row, "new")))[0];
            const Market larger = testing::build_market(with_one_more(tables, row, "new"));
            const Plan anew = solved(larger);
            const Certificate &before = *plan.certificate("assign:volunteers"),
                              &after = *anew.certificate("assign:volunteers");
            EXPECT_LE(after.objective, before.bound + p.gain() + 1e-9);
            if (p.outcome != Placement::Outcome::placed) continue;
            const double gain = after.objective - before.objective;
            // Prices are near the truth for one more firm, unless many are tied to each other.
            EXPECT_NEAR(gain, p.gain(), 0.05) << seed;
            gained += gain > 0 ? 1 : 0;
            if (!p.free_seat) {
                ++displaced;
                ASSERT_TRUE(p.displaced.known());
                EXPECT_GE(p.displaced_loss, -1e-3);
                EXPECT_LE(p.displaced_loss, 0.1);  // near 0: it was the last to come in
                const bool there = std::any_of(
                    plan.assignments.begin(), plan.assignments.end(), [&](const Assigned& a) {
                        return a.firm == p.displaced && a.adviser == p.adviser;
                    });
                EXPECT_TRUE(there);
                EXPECT_FALSE(p.displaced_goes == p.adviser);
            }
            EXPECT_NE(sentence(market, p).find(market.advisers.id[p.adviser]), std::string::npos);
        }
    }
    EXPECT_GT(displaced, 2U);
    EXPECT_GT(gained, 2U);
}

TEST(Place, FaultsOfTheRowAreNamed) {
    const Market market = testing::build_market(bare_market());
    ArrivalReader reader(market);
    Tables firm = one_firm(bare_market(), 0, "new");
    put(firm, "firms", "naf", texts({"nonsense"}));
    put(firm, "firms", "commune", texts({"00000"}));
    put(firm, "firms", "need_web", numbers({7}));
    try {
        (void)reader.read(firm);
        FAIL() << "accepted";
    } catch (const InputError& e) {
        ASSERT_EQ(e.faults().size(), 3U);
        EXPECT_EQ(e.faults()[0].column, "commune");
        EXPECT_EQ(e.faults()[1].column, "naf");
        EXPECT_EQ(e.faults()[2].column, "need_web");
    }
}

TEST(Place, APlanWithoutTheProgrammeSaysSo) {
    const Market market = testing::build_market(bare_market());
    const Plan none;
    Placer placer(market, none);
    ArrivalReader reader(market);
    const auto found = placer.place(reader.read(one_firm(bare_market(), 0, "new")));
    EXPECT_EQ(found[0].outcome, Placement::Outcome::not_solved);
    EXPECT_NE(sentence(market, found[0]).find("no prices"), std::string::npos);
}

}  // namespace
}  // namespace libmatch
