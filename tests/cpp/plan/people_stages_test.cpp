#include <gtest/gtest.h>

#include <functional>

#include <libmatch/score/dossiers.hpp>

#include "cpp/support/full_market.hpp"
#include "cpp/support/whole_run.hpp"

namespace libmatch {
namespace {

using testing::numbers;
using testing::texts;

/// A full market in which `change` has changed the tables.
Market market_of(std::uint64_t seed, const std::function<void(Tables&)>& change = {}) {
    Tables t = testing::full_tables(seed);
    if (change) change(t);
    return testing::build_market(t);
}

Table without(const Table& table, const std::string& dropped) {
    Table out;
    for (const auto& [name, column] : table.columns()) {
        if (name != dropped) out.add(name, column);
    }
    return out;
}

Plan solved(const Market& market) {
    SolveOptions options;
    options.threads = 1;
    options.gap = 1e-3;
    Control control;
    return testing::solve(market, options, control);
}

std::vector<double> tens(std::size_t count, double value) {
    return std::vector<double>(count, value);
}

void with_specialists(Tables& t) {
    t["advisers"].add("specialist_capacity", numbers(tens(10, 2)));
    t["settings"].add("specialists_per_dossier", numbers({2}));
}

TEST(PeopleStages, TheNeedsOfADossierAreThoseOfOneFirmThatNeedsMost) {
    const Market market = market_of(3);
    const Plan plan = solved(market);
    ASSERT_FALSE(plan.dossiers.empty());
    const Dossier& d = plan.dossiers.front();
    const DossierNeeds needs = needs_of(market, d);
    EXPECT_NEAR((needs.need * needs.weight).sum(), 1, 1e-12);
    for (Eigen::Index k = 0; k < needs.need.size(); ++k) {
        double most = 0;
        for (const DossierMember& m : d.members)
            most = std::max(most, static_cast<double>(market.firms.need(
                                      k, static_cast<Eigen::Index>(m.firm.value))));
        EXPECT_EQ(needs.need[k], most);
    }
}

TEST(PeopleStages, SpecialistsCoverWhatTheLeadDoesNot) {
    std::size_t found = 0;
    for (std::uint64_t seed = 0; seed < 4; ++seed) {
        const Market market = market_of(seed, with_specialists);
        const Plan plan = solved(market);
        EXPECT_EQ(testing::complaints(market, plan), "") << seed;
        ASSERT_NE(plan.certificate(stage::specialists), nullptr);
        for (const Specialist& s : plan.specialists) {
            const Dossier& d = plan.dossiers[s.dossier];
            EXPECT_TRUE(d.lead.known());
            EXPECT_FALSE(d.lead == s.adviser);
            EXPECT_GT(s.adds, 0.05);
            ++found;
        }
    }
    EXPECT_GT(found, 2U);
    const Market plain = market_of(1);
    EXPECT_EQ(solved(plain).certificate(stage::specialists), nullptr);
}

TEST(PeopleStages, TheJudgeNamesWrongSpecialists) {
    const Market market = market_of(0, with_specialists);
    const Plan plan = solved(market);
    ASSERT_FALSE(plan.specialists.empty());
    Plan more = plan;
    more.specialists[0].adds += 0.1;
    EXPECT_NE(testing::complaints(market, more).find("is said to add"), std::string::npos);
    Plan fewer = plan;
    fewer.specialists.pop_back();
    EXPECT_NE(testing::complaints(market, fewer).find("specialists | "), std::string::npos);
    Plan twice = plan;
    twice.specialists.push_back(plan.specialists[0]);
    EXPECT_NE(testing::complaints(market, twice).find("specialists | "), std::string::npos);
    Plan leaderless = plan;
    leaderless.dossiers[plan.specialists[0].dossier].lead = AdviserId();
    EXPECT_NE(testing::complaints(market, leaderless).find("no lead"), std::string::npos);
}

TEST(PeopleStages, LeadsWriteWithinTheirHours) {
    std::size_t led = 0, open = 0;
    for (std::uint64_t seed = 0; seed < 4; ++seed) {
        const Market market = market_of(seed, [](Tables& t) {
            t["advisers"].add("dossier_hours", numbers({0, 60, 0, 70, 0, 60, 0, 30, 0, 20}));
        });
        Plan plan = solved(market);
        EXPECT_EQ(testing::complaints(market, plan), "") << seed;
        std::vector<double> hours(market.advisers.size(), 0.0);
        for (const Dossier& d : plan.dossiers) {
            if (!d.lead.known()) {
                ++open;
                continue;
            }
            ++led;
            hours[d.lead] += 16 + 4 * static_cast<double>(d.members.size());
        }
        for (std::size_t j = 0; j < hours.size(); ++j)
            EXPECT_LE(hours[j], market.advisers.dossier_hours[j] * (1 + 1e-9));
        if (plan.dossiers.empty()) continue;
        for (Dossier& d : plan.dossiers) d.lead = AdviserId(9U);
        EXPECT_NE(testing::complaints(market, plan).find("lead | "), std::string::npos);
    }
    EXPECT_GT(led, 2U);
    EXPECT_GT(open, 0U);
}

TEST(PeopleStages, LeadsHoldTheLabelsRequired) {
    const Market market = market_of(2, [](Tables& t) {
        std::vector<std::string> labels;
        for (int j = 0; j < 10; ++j) labels.push_back(j % 4 == 1 ? "expert" : "");
        t["advisers"].add("labels", texts(labels));
        t["settings"].add("lead_labels_required", texts({"expert"}));
    });
    const Plan plan = solved(market);
    EXPECT_EQ(testing::complaints(market, plan), "");
    std::size_t led = 0;
    for (const Dossier& d : plan.dossiers) {
        if (!d.lead.known()) continue;
        EXPECT_EQ(d.lead.value % 4, 1U);
        ++led;
    }
    EXPECT_GT(led, 0U);
}

TEST(PeopleStages, LendersKeepTheirTradesAndBudgets) {
    std::size_t lent = 0, open = 0;
    for (std::uint64_t seed = 0; seed < 4; ++seed) {
        const Market market = market_of(seed, [](Tables& t) {
            t["lenders"] = without(t["lenders"], "capacity");
            t["lenders"].add("budget_eur", numbers({60'000, std::nan("")}));
            t["lenders"].add("naf_out", texts({"", "56"}));
        });
        Plan plan = solved(market);
        EXPECT_EQ(testing::complaints(market, plan), "") << seed;
        double sum = 0;
        for (const Loan& loan : plan.loans) {
            ++lent;
            if (loan.lender == LenderId(0U)) {
                sum += loan.amount_eur;
                continue;
            }
            if (!loan.dossier.known()) continue;
            for (const DossierMember& m : plan.dossiers[loan.dossier].members)
                EXPECT_NE(market.firms.naf[m.firm].view().substr(0, 2), "56");
        }
        EXPECT_LE(sum, 60'000 + 0.01);
        for (const Dossier& d : plan.dossiers) open += d.lender.known() ? 0 : 1;
        for (Loan& loan : plan.loans) {
            loan.lender = LenderId(0U);
            if (loan.dossier.known()) plan.dossiers[loan.dossier].lender = loan.lender;
        }
        if (plan.loans.size() > 3) {
            EXPECT_NE(testing::complaints(market, plan).find("lend | "), std::string::npos);
        }
    }
    EXPECT_GT(lent, 2U);
    EXPECT_GT(open, 0U);
}

TEST(PeopleStages, LoansAndEurosCannotBothLimitALender) {
    Tables t = testing::full_tables(0);
    t["lenders"].add("budget_eur", numbers({1, 2}));
    try {
        const Market market = testing::build_market(t);
        FAIL();
    } catch (const InputError& wrong) {
        EXPECT_NE(std::string(wrong.what()).find("by loans and by euros"), std::string::npos);
    }
}

}  // namespace
}  // namespace libmatch
