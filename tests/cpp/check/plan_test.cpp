// The judge must catch every corruption and name it.
#include <gtest/gtest.h>

#include <functional>

#include "cpp/support/full_market.hpp"
#include "cpp/support/whole_run.hpp"

namespace libmatch {
namespace {

class Corrupted : public ::testing::Test {
  protected:
    Corrupted() {
        Control control;
        plan = testing::solve(market, {}, control);
    }
    /// The stages that complain once `harm` is done.
    std::string complaints(const std::function<void(Plan&)>& harm) {
        Plan copy = plan;
        harm(copy);
        return testing::complaints(market, copy);
    }
    static void expect_named(const std::string& text, const std::string& stage,
                             const std::string& words) {
        EXPECT_NE(text.find(stage + " | "), std::string::npos) << text;
        EXPECT_NE(text.find(words), std::string::npos) << text;
    }
    const Market market = testing::build_market(testing::full_tables(7));
    Plan plan;
};

TEST_F(Corrupted, NotAtAll) {
    EXPECT_EQ(complaints([](Plan&) {}), "");
}

TEST_F(Corrupted, AClaimThatIsBetterByLittle) {
    std::size_t lies = 0;
    for (std::size_t k = 0; k < plan.certificates.size(); ++k) {
        const auto& [stage, c] = plan.certificates[k];
        if (stage == stage::resources || c.objective == 0) continue;
        // In units the next whole number is the next claim.
        const double little = c.unit > 0 ? c.unit : 1e-11 * c.bound;
        expect_named(complaints([&](Plan& p) { p.certificates[k].second.bound -= little; }), stage,
                     "claimed");
        expect_named(complaints([&](Plan& p) { p.certificates[k].second.objective += little; }),
                     stage, "claimed");
        ++lies;
    }
    EXPECT_GE(lies, 4U);
}

TEST_F(Corrupted, AnAssignmentMoved) {
    const auto text = complaints([&](Plan& p) {
        Assigned& a = p.assignments[0];
        for (std::size_t j = 0; j < market.advisers.size(); ++j) {
            if (!(AdviserId(j) == a.adviser) &&
                market.advisers.network[j] == market.advisers.network[a.adviser]) {
                a.adviser = AdviserId(j);
                return;
            }
        }
    });
    expect_named(text, "assign:volunteers", "objective");
}

TEST_F(Corrupted, AnAssignmentInAnotherNetwork) {
    const auto text = complaints([](Plan& p) { p.assignments[0].adviser = AdviserId(1U); });
    expect_named(text, "assign:volunteers", "another network");
}

TEST_F(Corrupted, AnAssignmentTwice) {
    const auto text = complaints([](Plan& p) { p.assignments.push_back(p.assignments[0]); });
    expect_named(text, "assign:volunteers", "assigned twice");
}

TEST_F(Corrupted, APriceRaised) {
    const auto text = complaints([](Plan& p) { p.prices["assign:volunteers"][0] += 1; });
    expect_named(text, "assign:volunteers", "bound");
}

TEST_F(Corrupted, ANegativePrice) {
    const auto text = complaints([](Plan& p) { p.prices["assign:volunteers"][0] = -0.1; });
    expect_named(text, "assign:volunteers", "negative without a minimum load");
}

TEST_F(Corrupted, AnObjectiveRaised) {
    const auto text = complaints([](Plan& p) { p.certificates[0].second.objective += 1; });
    expect_named(text, "assign:volunteers", "claimed");
}

TEST_F(Corrupted, ADossierMemberRemoved) {
    const auto text = complaints([](Plan& p) { p.dossiers[0].members.pop_back(); });
    expect_named(text, "pool", "claimed sum");
}

TEST_F(Corrupted, ADossierMemberReplaced) {
    const auto text = complaints(
        [&](Plan& p) { p.dossiers[0].members.back().firm = p.dossiers[1].members[0].firm; });
    expect_named(text, "pool", "two dossiers");
}

TEST_F(Corrupted, ADossierSum) {
    const auto text = complaints([](Plan& p) { p.dossiers[0].sum_eur += 1; });
    expect_named(text, "pool", "claimed sum");
}

TEST_F(Corrupted, AGrantRaised) {
    const auto text = complaints([](Plan& p) { p.grants[0].amount_eur += 20'000; });
    expect_named(text, "fund", "is not between the floor and");
}

TEST_F(Corrupted, AGrantForgotten) {
    const auto text = complaints([](Plan& p) { p.grants.erase(p.grants.begin()); });
    expect_named(text, "fund", "claimed");
}

TEST_F(Corrupted, ALeadWithoutRoom) {
    const auto text = complaints([](Plan& p) {
        for (Dossier& d : p.dossiers) d.lead = AdviserId(0U);
    });
    expect_named(text, "lead", "not eligible");
}

TEST_F(Corrupted, ALoanAmount) {
    const auto text = complaints([](Plan& p) { p.loans[0].amount_eur -= 10; });
    expect_named(text, "lend", "claimed amount");
}

TEST_F(Corrupted, AResourceOfAnotherRegion) {
    const auto text = complaints(
        [](Plan& p) { p.resources[0].resource = ResourceId(p.resources[0].resource.value ^ 1U); });
    expect_named(text, "resources", "does not serve");
}

TEST_F(Corrupted, AnIdThatTheMarketLacks) {
    Tables tables = testing::plan_tables(market, plan);
    Table changed;
    for (const auto& [name, column] : tables["assignments"].columns()) {
        if (name != "firm_id") {
            changed.add(name, column);
            continue;
        }
        TextColumn ids;
        const auto& old = std::get<TextColumn>(column);
        for (std::size_t r = 0; r < old.size(); ++r) ids.push_back(r == 0 ? "NOBODY" : old[r]);
        changed.add(name, ids);
    }
    tables["assignments"] = changed;
    const auto verdict = testing::verify(market, testing::plan_from_tables(market, tables));
    ASSERT_FALSE(verdict.ok());
    EXPECT_NE(verdict.violations[0].problem.find("NOBODY"), std::string::npos);
}

}  // namespace
}  // namespace libmatch
