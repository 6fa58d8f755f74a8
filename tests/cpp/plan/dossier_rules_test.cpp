// Dossiers of a market with sites, pairs of firms, priorities and keys of its own, under the judge.
#include <gtest/gtest.h>

#include <functional>
#include <map>

#include "cpp/support/full_market.hpp"
#include "cpp/support/whole_run.hpp"

namespace libmatch {
namespace {

using testing::numbers;
using testing::texts;

/// All firms seek funds; chains meet at sites of few sessions and seats, places at a member.
Tables tables_with_rules(std::uint64_t seed) {
    Tables t = testing::full_tables(seed, 90);
    t["settings"] = Table();
    t["settings"].add("date", numbers({20'000}));
    t["settings"].add("lead_network", texts({"professional"}));
    t["schemes"] = Table();
    t["dossier_rules"] = Table();
    t["dossier_rules"].add("rule", texts({"same chain", "same place"}));
    t["dossier_rules"].add("keys", texts({"filiere", "departement"}));
    t["dossier_rules"].add("seat", texts({"site", "member"}));
    t["dossier_rules"].add("min_sum", numbers({40'000, 50'000}));
    t["dossier_rules"].add("max_sum", numbers({90'000, 60'000}));
    t["dossier_rules"].add("max_members", numbers({6, 3}));
    t["dossier_rules"].add("max_radius_km", numbers({60, 30}));
    t["dossier_rules"].add("opening_cost", numbers({1, 1}));
    t["dossier_rules"].add("cost_per_km", numbers({0.005, 0.005}));
    Random random(seed);
    std::vector<std::string> chain;
    std::vector<double> priority;
    for (std::size_t i = 0; i < 90; ++i) {
        chain.push_back(std::vector<std::string>{"", "wood", "metal"}[random.below(3)]);
        priority.push_back(random.below(3) == 0 ? 2 : 1);
    }
    t["firms"].add("filiere", texts(chain));
    t["firms"].add("priority", numbers(priority));
    t["sites"].add("site_id", texts({"F1", "S1", "S2"}));  // one has the id of a firm
    t["sites"].add("commune", texts({"C1", "C5", "C9"}));
    t["sites"].add("sessions", numbers({1, 1, 2}));
    t["sites"].add("seats", numbers({4, std::nan(""), 5}));
    // Firms of one commune in turn: eight pairs stay together, eight apart.
    const TextColumn& commune = *t["firms"].text("commune");
    std::vector<std::string> one, other, kind;
    for (std::size_t a = 0; a < 90 && one.size() < 16; ++a) {
        for (std::size_t b = a + 1; b < 90; ++b) {
            if (commune[a] != commune[b] || chain[a] != chain[b]) continue;
            one.push_back("F" + std::to_string(a));
            other.push_back("F" + std::to_string(b));
            kind.emplace_back(one.size() % 2 == 0 ? "apart" : "together");
            break;
        }
    }
    t["firm_pairs"].add("firm_id", texts(one));
    t["firm_pairs"].add("other_firm_id", texts(other));
    t["firm_pairs"].add("kind", texts(kind));
    return t;
}

/// Grants and dossiers only.
Plan pooled(const Market& market) {
    SolveOptions options;
    options.stages = {"fund", "pool"};
    Control control;
    return testing::solve(market, options, control);
}

class DossierRules : public ::testing::Test {
  protected:
    std::string complaints(const std::function<void(Plan&)>& harm) {
        Plan copy = plan;
        harm(copy);
        return testing::complaints(market, copy);
    }
    void expect_caught(const std::function<void(Plan&)>& harm, const std::string& words) {
        const std::string text = complaints(harm);
        EXPECT_NE(text.find(words), std::string::npos) << text;
    }
    /// The first answer to a firm left out of the stage that fits.
    template <class Fits>
    Unserved& left_out(Plan& p, const Fits& fits) {
        for (Unserved& u : p.unserved) {
            if (u.stage == stage::pool && fits(u)) return u;
        }
        throw std::runtime_error("no firm left out fits");
    }
    inline static const Market market = testing::build_market(tables_with_rules(11));
    inline static const Plan plan = pooled(market);
};

TEST_F(DossierRules, AreKept) {
    EXPECT_EQ(complaints([](Plan&) {}), "");
    std::map<std::uint32_t, double> meetings;
    std::map<std::uint32_t, std::size_t> dossier_of;
    std::size_t members = 0;
    for (std::size_t d = 0; d < plan.dossiers.size(); ++d) {
        const Dossier& x = plan.dossiers[d];
        EXPECT_EQ(x.site.known(), x.rule == RuleId(0U));
        if (x.site.known()) meetings[x.site.value] += 1;
        for (const DossierMember& m : x.members) {
            dossier_of[m.firm.value] = d;
            ++members;
            EXPECT_TRUE(!x.site.known() || market.firms.columns[0].word[m.firm] != 0U);
        }
    }
    ASSERT_GE(meetings.size(), 2U);
    EXPECT_GT(plan.dossiers.size(), meetings.size());
    for (const auto& [site, count] : meetings) EXPECT_LE(count, market.sites[site].sessions);
    std::size_t kept = 0;
    for (const FirmPair& pair : market.firm_pairs) {
        const auto a = dossier_of.find(pair.a.value), b = dossier_of.find(pair.b.value);
        const bool both = a != dossier_of.end() && b != dossier_of.end();
        if (pair.together) {
            EXPECT_EQ(a == dossier_of.end(), b == dossier_of.end());
            EXPECT_TRUE(!both || a->second == b->second);
            kept += both ? 1 : 0;
        } else {
            EXPECT_TRUE(!both || a->second != b->second);
        }
    }
    EXPECT_GE(kept, 1U);
    double value = 0;
    for (const auto& [i, d] : dossier_of) value += market.firms.priority[i];
    EXPECT_GT(value, static_cast<double>(members));
    for (const Dossier& x : plan.dossiers) {
        value -= 1;
        for (const DossierMember& m : x.members) value -= 0.005 * m.distance_km;
    }
    EXPECT_NEAR(value, plan.certificate(stage::pool)->objective, 1e-9);
    double priced = 0;
    for (std::size_t s = 0; s < market.sites.size(); ++s)
        priced += plan.prices.at(stage::pool)[market.firms.size() + s];
    EXPECT_GT(priced, 0) << "sessions are scarce here";
}

TEST_F(DossierRules, TravelInTables) {
    const Tables tables = testing::plan_tables(market, plan);
    const Plan back = testing::plan_from_tables(market, tables);
    EXPECT_TRUE(back.unreadable.empty());
    EXPECT_EQ(back.prices.at(stage::pool), plan.prices.at(stage::pool));
    ASSERT_EQ(back.unserved.size(), plan.unserved.size());
    for (std::size_t k = 0; k < plan.unserved.size(); ++k) {
        EXPECT_EQ(back.unserved[k].nearest, plan.unserved[k].nearest);
        EXPECT_EQ(back.unserved[k].needs, plan.unserved[k].needs);
    }
    for (std::size_t d = 0; d < plan.dossiers.size(); ++d)
        EXPECT_EQ(back.dossiers[d].site, plan.dossiers[d].site);
    EXPECT_TRUE(testing::verify(market, back).ok());
}

TEST_F(DossierRules, ThoseLeftOutAreAnswered) {
    Plan copy = plan;
    const Unserved& u =
        left_out(copy, [](const Unserved& x) { return x.nearest.known() && !x.needs.empty(); });
    std::string all;
    for (const std::string& line : testing::explain(market, plan, u.firm)) all += line + "\n";
    EXPECT_NE(
        all.find("the nearest dossier with its keys is dossier " + std::to_string(u.nearest + 1)),
        std::string::npos)
        << all;
    EXPECT_NE(all.find(u.needs), std::string::npos) << all;
}

TEST_F(DossierRules, FalseAnswersAreCaught) {
    const auto named = [](const Unserved& u) { return u.nearest.known(); };
    expect_caught([&](Plan& p) { left_out(p, named).needs = "a friend"; },
                  "at its nearest dossier");
    expect_caught([&](Plan& p) { left_out(p, named).nearest = DossierId(); },
                  "no nearest group is named");
    expect_caught([&](Plan& p) { left_out(p, named).missing_eur += 500; }, "a missing amount of");
    expect_caught([&](Plan& p) { left_out(p, named).reason = name(PoolReason::no_rule); },
                  "yet a rule covers it");
    expect_caught(
        [&](Plan& p) {
            left_out(p, [](const Unserved& u) {
                return u.reason.rfind(name(PoolReason::not_worth), 0) == 0;
            }).reason = name(PoolReason::too_few_neighbours);
        },
        "yet a lawful sum and number of firms is within reach");
}

TEST_F(DossierRules, BrokenRulesAreCaught) {
    const auto at_site = [&](Plan& p) -> Dossier& {
        for (Dossier& d : p.dossiers) {
            if (d.site.known()) return d;
        }
        throw std::runtime_error("no dossier meets at a site");
    };
    expect_caught(
        [&](Plan& p) {
            Dossier& d = at_site(p);
            d.seat = d.members.front().firm;
            d.site = SiteId();
        },
        "its rule meets at sites");
    expect_caught([&](Plan& p) { at_site(p).site = SiteId(9U); }, "not one seat of the market");
    expect_caught(
        [&](Plan& p) {
            for (Dossier& d : p.dossiers) {
                if (d.site.known()) d.site = SiteId(0U);
            }
        },
        "sessions");
    expect_caught(
        [&](Plan& p) {
            auto& prices = p.prices[stage::pool];
            for (std::size_t s = 0; s < market.sites.size(); ++s)
                prices[market.firms.size() + s] = 0;
        },
        "more than the prices of its members and its site");
    expect_caught(
        [&](Plan& p) {
            for (Dossier& d : p.dossiers) {
                for (std::size_t k = 0; k < d.members.size(); ++k) {
                    const FirmId i = d.members[k].firm;
                    if (std::any_of(market.firm_pairs.begin(), market.firm_pairs.end(),
                                    [&](const FirmPair& x) { return x.together && x.a == i; })) {
                        p.unserved.push_back({stage::pool, i, name(PoolReason::not_worth),
                                              d.members[k].amount_eur, 0});
                        d.members.erase(d.members.begin() + static_cast<std::ptrdiff_t>(k));
                        return;
                    }
                }
            }
        },
        "must stay together");
}

TEST(DossierMarket, AFirmBoundToOneThatDoesNotPoolStaysOut) {
    Tables tables = tables_with_rules(11);
    std::vector<double> consent(90, 1);
    const std::string bound((*tables["firm_pairs"].text("firm_id"))[0]),
        other((*tables["firm_pairs"].text("other_firm_id"))[0]);
    consent[std::stoul(other.substr(1))] = 0;
    tables["firms"].add("consents_pooling", numbers(consent));
    const Market market = testing::build_market(tables);
    const Plan plan = pooled(market);
    EXPECT_TRUE(testing::verify(market, plan).ok());
    const FirmId firm(market.firm_index.at(bound));
    bool told = false;
    for (const Unserved& u : plan.unserved) {
        if (u.firm == firm) told = u.reason == name(PoolReason::bound_to_others);
    }
    EXPECT_TRUE(told);
}

}  // namespace
}  // namespace libmatch
