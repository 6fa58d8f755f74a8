// The judge must catch every corruption of workshops, visits and shared staff, and name it.
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include <libmatch/model/service_pools.hpp>

#include "cpp/support/services_market.hpp"
#include "cpp/support/whole_run.hpp"

namespace libmatch {
namespace {

class CorruptedServices : public ::testing::Test {
  protected:
    static Plan solved(const Market& market, std::vector<std::string> stages) {
        SolveOptions options;
        options.stages = std::move(stages);
        Control control;
        return testing::solve(market, options, control);
    }
    void expect_named(const std::function<void(Plan&)>& harm, const std::string& stage,
                      const std::string& words) const {
        Plan changed = plan;
        harm(changed);
        const std::string text = testing::complaints(market, changed);
        EXPECT_NE(text.find(stage + " | "), std::string::npos) << words << " is not in:\n" << text;
        EXPECT_NE(text.find(words), std::string::npos) << words << " is not in:\n" << text;
    }
    template <class Range>
    [[nodiscard]] FirmId outside(const Range& inside) const {
        std::vector<std::uint8_t> taken(market.firms.size(), 0);
        for (const FirmId i : inside) taken[i] = 1;
        FirmId i(0U);
        while (taken[i] != 0) ++i.value;
        return i;
    }
    const Market market = testing::build_market(testing::services_tables(4));
    const Plan plan = solved(market, {"assign", "workshops", "visits", "shared_staff"});
    const Plan chosen = solved(market, {"visits"});
};

TEST_F(CorruptedServices, NotAtAll) {
    EXPECT_EQ(testing::complaints(market, plan), "");
    EXPECT_EQ(testing::complaints(market, chosen), "");
    EXPECT_GE(plan.workshops.size(), 2U);
    EXPECT_GE(plan.shared_staff.size(), 2U);
    EXPECT_GE(plan.visits.size(), 10U);
    EXPECT_GE(chosen.visit_choices.size(), 10U);
}

TEST_F(CorruptedServices, Workshops) {
    const std::string& s = stage::workshops;
    const auto strangers = workshop_problem(market).firms;
    const FirmId stranger = outside(strangers);
    expect_named([&](Plan& p) { p.workshops[0].members[0].firm = stranger; }, s,
                 "does not take part");
    expect_named([](Plan& p) { p.workshops[0].members[0] = p.workshops[1].members[0]; }, s,
                 "is a member twice");
    expect_named([](Plan& p) { p.workshops[0].members.resize(2); }, s, "2 members");
    expect_named([](Plan& p) { p.workshops[0].members[0].distance_km += 1; }, s,
                 "claimed distance");
    expect_named([](Plan& p) { p.workshops[0].members[0].amount = 2; }, s, "claimed amount");
    expect_named([](Plan& p) { p.workshops[0].value += 0.1; }, s, "claimed value");
    expect_named([](Plan& p) { p.workshops[0].rule.value ^= 1U; }, s, "is not under rule");
    expect_named([](Plan& p) { p.workshops.pop_back(); }, s, "nor named as left out");
    expect_named(
        [](Plan& p) {
            p.unserved.push_back({stage::workshops, p.workshops[0].members[0].firm, "", 0});
        },
        s, "both in a group and left out");
    expect_named(
        [&](Plan& p) {
            p.unserved.push_back({stage::workshops, stranger, "", 0});
        },
        s, "what it has no part in");
    expect_named(
        [](Plan& p) {
            for (Group& g : p.workshops) g.seat = 0;
        },
        s, "site 0");
    expect_named(
        [](Plan& p) {
            for (double& price : p.prices[stage::workshops]) price *= 0.9;
        },
        s, "more than the prices");
    expect_named([](Plan& p) { p.prices[stage::workshops].back() = -1; }, s, "price");
    expect_named(
        [](Plan& p) {
            std::erase_if(p.certificates,
                          [](const auto& c) { return c.first == stage::workshops; });
        },
        s, "no certificate");
}

TEST_F(CorruptedServices, SharedStaff) {
    const std::string& s = stage::shared_staff;
    const auto wanting = shared_staff_problem(market).firms;
    expect_named([&](Plan& p) { p.shared_staff[0].members[0].firm = outside(wanting); }, s,
                 "does not take part");
    expect_named([&](Plan& p) { p.shared_staff[0].seat = outside(wanting).value; }, s,
                 "is its seat and takes no part");
    expect_named([](Plan& p) { p.shared_staff[0].seat = p.shared_staff[1].members[0].firm.value; },
                 s, "is no member");
    expect_named([](Plan& p) { p.shared_staff[0].members[0].amount += 1; }, s, "claimed amount");
    expect_named([](Plan& p) { p.shared_staff[0].members.pop_back(); }, s, "under the minimum");
    expect_named(
        [](Plan& p) {
            auto& to = p.shared_staff[0].members;
            const auto& from = p.shared_staff[1].members;
            to.insert(to.end(), from.begin(), from.end());
            p.shared_staff.erase(p.shared_staff.begin() + 1);
        },
        s, "over the maximum");
    expect_named(
        [](Plan& p) {
            for (double& price : p.prices[stage::shared_staff]) price *= 0.9;
        },
        s, "more than the prices");
    for (auto& [name, c] : plan.certificates) {
        if (name != s) continue;
        expect_named(
            [&](Plan& p) {
                for (auto& [n, own] : p.certificates) own.bound -= n == s ? 1e-6 : 0;
            },
            s, "is claimed");
    }
}

TEST_F(CorruptedServices, Visits) {
    const std::string& s = stage::visits;
    expect_named([](Plan& p) { p.visits[0].leg_km += 1; }, s, "claimed leg");
    expect_named([](Plan& p) { p.visits[0].home_km += 1; }, s, "claimed way home");
    expect_named([](Plan& p) { p.visits[0].position = 7; }, s, "position is not the next");
    expect_named([](Plan& p) { p.visits[0].day = 3; }, s, "does not visit on this day");
    expect_named([](Plan& p) { p.visits[0].day = 0; }, s, "does not visit on this day");
    expect_named([](Plan& p) { std::reverse(p.visits.begin(), p.visits.end()); }, s,
                 "not in the order");
    expect_named([](Plan& p) { p.visits.pop_back(); }, s, "nor named as left out");
    expect_named([](Plan& p) { p.visits[1].firm = p.visits[0].firm; }, s, "visited twice");
    expect_named([](Plan& p) { p.visits[0].adviser = AdviserId(1U); }, s,
                 "does not visit on this day");
    expect_named(
        [](Plan& p) {
            p.unserved.push_back({stage::visits, p.visits[0].firm, "", 0});
        },
        s, "left out twice");
    expect_named(
        [](Plan& p) {
            for (double& price : p.prices[stage::visits]) price *= 0.9;
        },
        s, "a day may be worth");
    expect_named(
        [](Plan& p) {
            p.visit_choices.push_back({p.visits[0].firm, AdviserId(0U)});
        },
        stage::visit_choices, "no certificate");
    expect_named([&](Plan& p) { p.certificates.push_back(chosen.certificates[0]); },
                 stage::visit_choices, "the visiting network was assigned");
    Plan nobody = chosen;
    nobody.certificates.erase(nobody.certificates.begin());
    EXPECT_NE(testing::complaints(market, nobody).find("no certificate"), std::string::npos);
    nobody.visit_choices.clear();
    EXPECT_NE(testing::complaints(market, nobody).find("nothing says whose visit"),
              std::string::npos);
    Plan moved = chosen;
    moved.visit_choices[0].adviser.value ^= 1U;
    EXPECT_NE(testing::complaints(market, moved).find("visit_choices | "), std::string::npos);
}

TEST_F(CorruptedServices, StagesThatTheMarketDoesNotHave) {
    const Market without = testing::build_market(testing::full_tables(4));
    Plan p;
    p.certificates.emplace_back(stage::workshops, Certificate{});
    EXPECT_NE(
        testing::complaints(without, p).find("workshops | certificate | the stage is unknown"),
        std::string::npos);
}

}  // namespace
}  // namespace libmatch
