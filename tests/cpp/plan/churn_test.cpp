// Plans from an earlier plan: what is kept, what a limit on changes costs, and what the judge sees.
#include <gtest/gtest.h>

#include <functional>

#include <libmatch/check/previous.hpp>
#include <libmatch/plan/assign_stage.hpp>

#include "cpp/support/full_market.hpp"
#include "cpp/support/whole_run.hpp"

namespace libmatch {
namespace {

const std::string volunteers = "assign:volunteers";

Plan solved(const Market& market, SolveOptions options = {}) {
    options.threads = 1;
    options.stages = {"assign"};
    Control control;
    return testing::solve(market, options, control);
}

/// The tables a year later: every seventh firm is gone, some are new, needs and seats changed.
Tables a_year_later(std::uint64_t seed, std::size_t firms, std::size_t advisers) {
    Tables tables = testing::full_tables(seed, firms, advisers);
    Random random(seed + 77);
    Table changed;
    for (const auto& [name, column] : tables["firms"].columns()) {
        if (name == "firm_id") {
            std::vector<std::string> ids;
            for (std::size_t i = 0; i < firms; ++i)
                ids.push_back((i % 7 == 3 ? "N" : "F") + std::to_string(i));
            changed.add(name, testing::texts(ids));
        } else if (name == "need_web") {
            std::vector<double> needs;
            for (std::size_t i = 0; i < firms; ++i)
                needs.push_back(static_cast<double>(random.below(5)));
            changed.add(name, testing::numbers(needs));
        } else {
            changed.add(name, column);
        }
    }
    tables["firms"] = changed;
    return tables;
}

PreviousPlan last_year(const Market& now, std::uint64_t seed, std::size_t firms,
                       std::size_t advisers) {
    const Market before = testing::build_market(testing::full_tables(seed, firms, advisers));
    return previous_from_tables(now, testing::plan_tables(before, solved(before)));
}

TEST(Churn, APlanFromItselfChangesNothing) {
    const Market market = testing::build_market(testing::full_tables(3));
    const Plan first = solved(market);
    SolveOptions options;
    options.previous = previous_from_tables(market, testing::plan_tables(market, first));
    EXPECT_EQ(options.previous->gone, 0U);
    options.max_changes = 0;
    const Plan again = solved(market, options);
    EXPECT_EQ(testing::complaints(market, again), "");
    ASSERT_EQ(again.churn.size(), 2U);
    for (const auto& [stage, churn] : again.churn) {
        EXPECT_EQ(churn.changes, 0) << stage;
        EXPECT_EQ(churn.forced_changes, 0);
        EXPECT_EQ(churn.unlimited, nullptr);
    }
    EXPECT_EQ(again.assignments.size(), first.assignments.size());
    const auto lines = testing::explain(market, again, again.assignments[0].firm);
    ASSERT_GE(lines.size(), 2U);
    EXPECT_NE(lines[1].find("keeps its adviser"), std::string::npos) << lines[1];
}

TEST(Churn, ALimitOnChangesIsKeptPricedAndProven) {
    std::size_t cost = 0;
    for (std::uint64_t seed = 0; seed < 6; ++seed) {
        const Market market = testing::build_market(a_year_later(seed, 90, 12));
        SolveOptions options;
        options.previous = last_year(market, seed, 90, 12);
        EXPECT_GT(options.previous->gone, 0U);
        const Plan free = solved(market, options);
        EXPECT_EQ(testing::complaints(market, free), "");
        for (const std::int64_t most : {0, 4}) {
            options.max_changes = most;
            const Plan plan = solved(market, options);
            EXPECT_EQ(testing::complaints(market, plan), "");
            for (const auto& [stage, churn] : plan.churn) {
                EXPECT_LE(churn.changes, most);
                if (!churn.unlimited) continue;
                ++cost;
                EXPECT_GT(churn.unlimited->changes, most);
                EXPECT_GE(churn.unlimited->certificate.bound,
                          plan.certificate(stage)->objective - 1e-9);
            }
            const Plan back = testing::plan_from_tables(market, testing::plan_tables(market, plan));
            EXPECT_TRUE(back.unreadable.empty());
            EXPECT_EQ(testing::complaints(market, back), "");
            ASSERT_EQ(back.churn.size(), plan.churn.size());
            const Churn &a = back.churn.at(volunteers), &b = plan.churn.at(volunteers);
            EXPECT_EQ(a.previous, b.previous);
            EXPECT_EQ(a.max_changes, b.max_changes);
            EXPECT_EQ(a.change_price, b.change_price);
            ASSERT_EQ(a.unlimited == nullptr, b.unlimited == nullptr);
            if (a.unlimited) {
                EXPECT_EQ(a.unlimited->pairs, b.unlimited->pairs);
            }
        }
    }
    EXPECT_GE(cost, 4U);  // the limit did matter
}

/// The best objective of the first programme with at most `most` changes, over all assignments.
double best_by_trying(const Market& market, const std::vector<Pair>& previous, std::int64_t most) {
    const Scorer scorer(market, ProgrammeId(0U));
    AssignmentLimits limits = programme_limits(scorer);
    limits.previous = previous;
    const check::Previous counts(limits, market.firms.size(), [&](FirmId i, AdviserId j) {
        return scorer.exclusion(i, j) == Exclusion::none;
    });
    double best = -HUGE_VAL;
    std::vector<Pair> pairs;
    std::vector<std::int64_t> left = limits.capacity;
    const std::function<void(std::size_t, double)> try_firm = [&](std::size_t i, double sum) {
        if (i == market.firms.size()) {
            if (counts.changes(pairs) <= most) best = std::max(best, sum);
            return;
        }
        try_firm(i + 1, sum);
        for (std::size_t j = 0; j < left.size(); ++j) {
            if (left[j] == 0 || scorer.exclusion(FirmId(i), AdviserId(j)) != Exclusion::none)
                continue;
            --left[j];
            pairs.push_back({FirmId(i), AdviserId(j)});
            try_firm(i + 1, sum + scorer.score(FirmId(i), AdviserId(j)));
            pairs.pop_back();
            ++left[j];
        }
    };
    try_firm(0, 0);
    return best;
}

TEST(Churn, StandsBetweenItsBoundAndTheBestOfAllAssignments) {
    std::size_t limited = 0, found = 0, cases = 0;
    for (std::uint64_t seed = 0; seed < 12; ++seed) {
        const Market market = testing::build_market(a_year_later(seed, 7, 6));
        SolveOptions options;
        options.gap = 1e-6;
        options.previous = last_year(market, seed, 7, 6);
        for (const std::int64_t most : {0, 1}) {
            options.max_changes = most;
            const Plan plan = solved(market, options);
            EXPECT_EQ(testing::complaints(market, plan), "");
            const auto at = options.previous->pairs.find(volunteers);
            if (at == options.previous->pairs.end()) continue;
            const double best = best_by_trying(market, at->second, most);
            const Certificate& c = *plan.certificate(volunteers);
            EXPECT_LE(c.objective, best + 1e-9);
            EXPECT_GE(c.bound, best - 1e-9);
            limited += plan.churn.at(volunteers).unlimited ? 1 : 0;
            found += c.objective > best - 1e-5 ? 1 : 0;
            ++cases;
        }
    }
    EXPECT_GE(limited, 3U);
    EXPECT_GE(found, cases * 4 / 5);  // prices alone cannot close every gap of so few firms
}

TEST(Churn, TheTablePreviousCountsAndWhoIsGoneIsAWarning) {
    Tables tables = testing::full_tables(3);
    const Market before = testing::build_market(tables);
    const Plan first = solved(before);
    std::vector<std::string> firm, adviser, programme;
    for (const Assigned& a : first.assignments) {
        firm.push_back(before.firms.id[a.firm]);
        adviser.push_back(before.advisers.id[a.adviser]);
        programme.push_back(a.programme == ProgrammeId(0U) ? "volunteers" : "");
    }
    firm.push_back("F0");
    adviser.push_back("GONE");
    programme.push_back("");
    tables["previous"].add("firm_id", testing::texts(firm));
    tables["previous"].add("adviser_id", testing::texts(adviser));
    tables["previous"].add("programme", testing::texts(programme));
    std::vector<Fault> faults;
    const Market market = testing::build_market(tables, faults);
    ASSERT_EQ(faults.size(), 1U);
    EXPECT_EQ(faults[0].severity, Fault::Severity::warning);
    EXPECT_EQ(faults[0].value, "F0 / GONE");
    EXPECT_EQ(market.previous.size(), first.assignments.size());
    const Plan again = solved(market);
    EXPECT_EQ(testing::complaints(market, again), "");
    EXPECT_EQ(again.churn.at(volunteers).previous.size() +
                  again.churn.at("assign:professionals").previous.size(),
              first.assignments.size());
    EXPECT_LE(again.churn.at(volunteers).changes, 2);
}

TEST(Churn, WhatDoesNotGoWithALimitIsNamed) {
    Tables tables = testing::full_tables(3);
    SolveOptions options;
    options.max_changes = 1;
    const auto refused = [&](const std::string& words) {
        try {
            (void)solved(testing::build_market(tables), options);
            ADD_FAILURE() << "accepted: " << words;
        } catch (const InputError& e) {
            EXPECT_NE(std::string(e.what()).find(words), std::string::npos) << e.what();
        }
    };
    refused("no earlier assignment");
    const Market market = testing::build_market(tables);
    options.previous = previous_from_tables(market, testing::plan_tables(market, solved(market)));
    tables["advisers"].add("min_load", testing::numbers(std::vector<double>(10, 1)));
    refused("without minimums");
    options.max_changes.reset();
    const Market minimums = testing::build_market(tables);
    const Plan plan = solved(minimums, options);  // counted, though not begun at its prices
    EXPECT_EQ(testing::complaints(minimums, plan), "");
    EXPECT_EQ(plan.churn.size(), 2U);
}

TEST(Churn, TheJudgeSeesEveryLie) {
    const Market market = testing::build_market(a_year_later(1, 90, 12));
    SolveOptions options;
    options.previous = last_year(market, 1, 90, 12);
    options.max_changes = 1;
    const Plan plan = solved(market, options);
    ASSERT_EQ(testing::complaints(market, plan), "");
    ASSERT_NE(plan.churn.at(volunteers).unlimited, nullptr);
    ASSERT_GT(plan.churn.at(volunteers).change_price, 0);
    const auto expect_named = [&](const std::string& words,
                                  const std::function<void(Churn&)>& harm) {
        Plan copy = plan;
        harm(copy.churn.at(volunteers));
        const std::string text = testing::complaints(market, copy);
        EXPECT_NE(text.find(volunteers), std::string::npos) << words;
        EXPECT_NE(text.find(words), std::string::npos) << words << "\n" << text;
    };
    const auto unlimited = [](Churn& c, const std::function<void(AssignmentResult&)>& harm) {
        auto free = std::make_shared<AssignmentResult>(*c.unlimited);
        harm(*free);
        c.unlimited = free;
    };
    expect_named("recounted", [](Churn& c) { ++c.changes; });
    expect_named("recounted", [](Churn& c) { --c.forced_changes; });
    expect_named("recounted", [](Churn& c) { c.previous.back().adviser = AdviserId(1U); });
    expect_named("several earlier advisers",
                 [](Churn& c) { c.previous.push_back(c.previous.back()); });
    expect_named("for a limit of", [](Churn& c) { c.max_changes = c.changes - 1; });
    expect_named("bound", [](Churn& c) { c.change_price *= 0.5; });
    expect_named("change price", [](Churn& c) { c.max_changes.reset(); });
    expect_named("without a limit on changes: claimed", [&](Churn& c) {
        unlimited(c, [](AssignmentResult& r) { r.certificate.objective += 0.1; });
    });
    expect_named("without a limit on changes: claimed",
                 [&](Churn& c) { unlimited(c, [](AssignmentResult& r) { r.pairs.pop_back(); }); });
    expect_named("without a limit on changes: claimed",
                 [&](Churn& c) { unlimited(c, [](AssignmentResult& r) { r.prices[0] += 1; }); });
}

}  // namespace
}  // namespace libmatch
