// Money over the whole run: what withdrawn grants set free, and the paths of each firm.
#include <gtest/gtest.h>

#include <functional>

#include <libmatch/score/funding.hpp>

#include "cpp/support/full_market.hpp"
#include "cpp/support/whole_run.hpp"

namespace libmatch {
namespace {

Plan solved(const Market& market, std::vector<std::string> stages) {
    SolveOptions options;
    options.stages = std::move(stages);
    Control control;
    return testing::solve(market, options, control);
}

/// Every scheme of the market asks for a dossier, but the EU's; its budget is scarce.
Market scarce_market(std::uint64_t seed) {
    Market market = testing::build_market(testing::full_tables(seed));
    for (Scheme& s : market.schemes) s.collective_only = s.id != "EU";
    market.schemes[0].budget_eur = 90'000;
    return market;
}

TEST(Funding, MoneySetFreeIsGrantedAgainAndNobodyElseLosesAid) {
    Cents again = 0;
    for (std::uint64_t seed = 0; seed < 8; ++seed) {
        const Market market = scarce_market(seed);
        const Plan before = solved(market, {"assign", "fund"});
        const Plan after = solved(market, {"assign", "fund", "pool"});
        EXPECT_TRUE(testing::verify(market, after).ok()) << seed;
        std::vector<std::uint8_t> member(market.firms.size(), 0);
        for (const Dossier& d : after.dossiers) {
            for (const DossierMember& m : d.members) member[m.firm] = 1;
        }
        std::vector<Cents> kept(market.firms.size(), 0), now(market.firms.size(), 0);
        Cents withdrawn = 0, total = 0;
        for (const Grant& g : before.grants) {
            const auto amount = static_cast<Cents>(std::llround(g.amount_eur * 100));
            total += amount;
            if (market.schemes[g.scheme].collective_only && member[g.firm] == 0) {
                withdrawn += amount;
            } else {
                kept[g.firm] += amount;
            }
        }
        for (const Grant& g : after.grants)
            now[g.firm] += static_cast<Cents>(std::llround(g.amount_eur * 100));
        Cents sum = 0;
        for (std::size_t i = 0; i < now.size(); ++i) {
            EXPECT_GE(now[i], kept[i]) << seed << " firm " << i;
            sum += now[i];
        }
        again += sum - (total - withdrawn);
    }
    EXPECT_GT(again, 0);
}

TEST(Funding, DossiersKeepTheirTicketsWhateverIsGrantedAgain) {
    for (std::uint64_t seed = 0; seed < 8; ++seed) {
        const Market market = scarce_market(seed);
        const Plan plan = solved(market, {"assign", "fund", "pool", "lend"});
        EXPECT_TRUE(testing::verify(market, plan).ok()) << seed;
        for (const Dossier& d : plan.dossiers) EXPECT_GE(d.sum_eur, 20'000 - 0.01);
    }
}

class Paths : public ::testing::Test {
  protected:
    Paths() {
        Tables tables = testing::full_tables(3, 80, 12);
        // Some firms reach the ticket alone.
        Table firms;
        for (const auto& [name, column] : tables["firms"].columns()) {
            if (name != "cost_eur") {
                firms.add(name, column);
                continue;
            }
            auto cost = std::get<NumberColumn>(column);
            for (std::size_t i = 0; i < cost.values.size(); i += 3) cost.values[i] += 22'000;
            firms.add(name, cost);
        }
        tables["firms"] = firms;
        market = testing::build_market(tables);
        plan = solved(market, {"assign", "fund", "pool", "lend"});
    }
    std::string complaints(const std::function<void(Plan&)>& harm) const {
        Plan copy = plan;
        harm(copy);
        std::string text;
        for (const auto& v : testing::verify(market, copy).violations)
            text += v.subject + " | " + v.problem + "\n";
        return text;
    }
    FundingPath& first(Plan& p, FundingPath::Kind kind, bool chosen) const {
        for (FundingPath& path : p.paths) {
            if (path.kind == kind && path.chosen == chosen) return path;
        }
        throw std::logic_error("the market has no such path");
    }
    Market market;
    Plan plan;
};

TEST_F(Paths, CompareALoanOfItsOwnWithTheDossierThatIsOpen) {
    EXPECT_EQ(complaints([](Plan&) {}), "");
    std::size_t both = 0;
    for (const FundingPath& p : plan.paths) {
        if (p.kind != FundingPath::Kind::pooled || p.chosen) continue;
        ++both;
        const auto lines = testing::explain(market, plan, p.firm);
        std::string text;
        for (const auto& line : lines) text += line + "\n";
        EXPECT_NE(text.find("paths: alone, "), std::string::npos) << text;
        EXPECT_NE(text.find("in dossier "), std::string::npos) << text;
    }
    EXPECT_GT(both, 0U);
}

TEST_F(Paths, AreRefusedWhereTheyAreWrong) {
    using Kind = FundingPath::Kind;
    const auto expect = [&](const std::string& words, const std::function<void(Plan&)>& harm) {
        const std::string text = complaints(harm);
        EXPECT_NE(text.find(words), std::string::npos) << words << " in\n" << text;
    };
    expect("claimed residual", [&](Plan& p) { p.paths[0].residual_eur += 1; });
    expect("claimed grants", [&](Plan& p) { p.paths[0].grants_eur -= 1; });
    expect("claimed loan", [&](Plan& p) { first(p, Kind::pooled, true).loan_eur += 1; });
    expect("claimed interest", [&](Plan& p) { first(p, Kind::solo, true).interest_eur += 1; });
    expect("claimed distance", [&](Plan& p) { first(p, Kind::pooled, true).distance_km += 1; });
    expect("not what the loans say", [&](Plan& p) { first(p, Kind::solo, true).chosen = false; });
    expect("not what the dossiers say",
           [&](Plan& p) { first(p, Kind::pooled, false).chosen = true; });
    expect("not one path is the chosen one", [&](Plan& p) {
        std::erase_if(p.paths, [](const FundingPath& x) { return x.kind == Kind::none; });
        std::erase_if(p.paths, [](const FundingPath& x) { return x.kind == Kind::pooled; });
    });
    expect("its own loan is not compared", [&](Plan& p) {
        std::erase_if(p.paths, [](const FundingPath& x) { return x.kind == Kind::solo; });
    });
    expect("is not open to it", [&](Plan& p) {
        FundingPath& path = first(p, Kind::pooled, false);
        for (Dossier& d : p.dossiers) d.members.resize(6, d.members[0]);
        path.loan_eur = path.residual_eur;
    });
}

}  // namespace
}  // namespace libmatch
