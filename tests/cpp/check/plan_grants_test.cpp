// The judge of grants must name every rule that a plan breaks.
#include <gtest/gtest.h>

#include <functional>

#include "cpp/support/full_market.hpp"
#include "cpp/support/whole_run.hpp"

namespace libmatch {
namespace {

class Grants : public ::testing::Test {
  protected:
    Grants() {
        SolveOptions options;
        options.stages = {"assign", "fund", "pool"};
        Control control;
        plan = testing::solve(market, options, control);
    }
    static std::string complaints(const Market& market, const Plan& plan) {
        std::string text;
        for (const auto& v : testing::verify(market, plan).violations) {
            if (v.stage == stage::fund) text += v.subject + " | " + v.problem + "\n";
        }
        return text;
    }
    /// Breaks a rule of the market under the plan.
    void expect_rule(const std::string& words, const std::function<void(Market&)>& harm) const {
        Market changed = market;
        harm(changed);
        const std::string text = complaints(changed, plan);
        EXPECT_NE(text.find(words), std::string::npos) << words << " in\n" << text;
    }
    void expect_claim(const std::string& words, const std::function<void(Plan&)>& harm) const {
        Plan changed = plan;
        harm(changed);
        const std::string text = complaints(market, changed);
        EXPECT_NE(text.find(words), std::string::npos) << words << " in\n" << text;
    }
    const Market market = testing::build_market(testing::full_tables(7));
    Plan plan;
};

TEST_F(Grants, AreLawfulAsTheyAre) { EXPECT_EQ(complaints(market, plan), ""); }

TEST_F(Grants, OfEveryRuleThatTheMarketTightens) {
    expect_rule("pass the budget", [](Market& m) { m.schemes[0].budget_eur = 20'000; });
    expect_rule("is not between the floor and 600", [](Market& m) { m.schemes[0].cap_eur = 600; });
    expect_rule("is not between the floor", [](Market& m) { m.schemes[0].rate = 0.001; });
    expect_rule("is not between the floor", [](Market& m) { m.schemes[0].floor_eur = 9'999; });
    expect_rule("aid of", [](Market& m) { m.settings.aid_intensity_max = 0.1; });
    expect_rule("aid beside scheme EU", [](Market& m) { m.schemes[0].intensity_max = 0.1; });
    expect_rule("de minimis aid of", [](Market& m) { m.settings.de_minimis_ceiling_eur = 1'000; });
    expect_rule("de minimis aid of", [](Market& m) {
        m.settings.de_minimis_ceiling_eur = 300'000;
        std::fill(m.firms.aid_received_eur.begin(), m.firms.aid_received_eur.end(), 299'000);
    });
    expect_rule("required network",
                [](Market& m) { m.schemes[0].networks_required = std::uint64_t{1} << 40; });
    expect_rule("required label", [](Market& m) { m.schemes[0].label_required = 1; });
    expect_rule("firm's trade", [](Market& m) { m.schemes[0].naf_out = {m.firms.naf[0]}; });
    expect_rule("of this headcount", [](Market& m) { m.schemes[0].headcount_max = 1; });
    expect_rule("territory", [](Market& m) {
        m.schemes[0].zone.level = TerritoryLevel::region;
        m.schemes[0].zone.codes = {1};
    });
    expect_rule("another grant excludes this one", [](Market& m) {
        for (Scheme& s : m.schemes) s.stacking_group = "one";
    });
    expect_rule("does not consent", [](Market& m) {
        for (Scheme& s : m.schemes) s.collective_only = true;
        std::fill(m.firms.consents_pooling.begin(), m.firms.consents_pooling.end(),
                  std::uint8_t{0});
    });
}

TEST_F(Grants, OfCollectiveSchemesNeedADossier) {
    Market changed = market;
    for (Scheme& s : changed.schemes) s.collective_only = true;
    Plan without = plan;
    without.dossiers.clear();
    const std::string text = complaints(changed, without);
    EXPECT_NE(text.find("in no dossier"), std::string::npos) << text;
}

TEST_F(Grants, AidThatIsNotDeMinimisDoesNotCountThere) {
    Market changed = market;
    changed.settings.de_minimis_ceiling_eur = 1'000;
    for (Scheme& s : changed.schemes) s.de_minimis = false;
    EXPECT_EQ(complaints(changed, plan), "");
}

TEST_F(Grants, OfEveryClaimThatIsWrong) {
    expect_claim("claimed", [](Plan& p) { p.certificates[2].second.bound -= 0.01; });
    expect_claim("claimed", [](Plan& p) { p.certificates[2].second.bound += 0.01; });
    expect_claim("claimed", [](Plan& p) { p.certificates[2].second.objective += 0.01; });
    expect_claim("in whole cents", [](Plan& p) { p.certificates[2].second.unit = 0; });
    expect_claim("proves nothing", [](Plan& p) { p.prices[stage::fund][0] = 0.3; });
    expect_claim("proves nothing", [](Plan& p) { p.prices[stage::fund][0] = -0.25; });
    expect_claim("proves nothing", [](Plan& p) { p.prices[stage::fund][0] = 1.25; });
    expect_claim("proves nothing", [](Plan& p) { p.prices[stage::fund][3] = 0.5; });
    expect_claim("claimed", [](Plan& p) { p.prices[stage::fund][0] -= 0.5; });
    expect_claim("not every scheme and dossier", [](Plan& p) { p.prices[stage::fund].pop_back(); });
    expect_claim("not in whole cents", [](Plan& p) { p.grants[0].amount_eur += 0.005; });
    expect_claim("claimed euros granted", [](Plan& p) { p.budgets[0].granted_eur += 1; });
    expect_claim("claimed euros asked for", [](Plan& p) { p.budgets[0].asked_eur -= 1; });
    expect_claim("claimed euros left", [](Plan& p) { p.budgets[0].left_eur += 1; });
    expect_claim("claimed firms that may ask", [](Plan& p) { p.budgets[0].firms_open -= 1; });
    expect_claim("claimed firms served", [](Plan& p) { p.budgets[0].firms_served += 1; });
    expect_claim("value of one euro more", [](Plan& p) { p.budgets[0].marginal_eur += 0.1; });
    expect_claim("its budget is missing", [](Plan& p) { p.budgets.pop_back(); });
}

}  // namespace
}  // namespace libmatch
