// Rounds of visits beside brute force, and their judge against every corruption.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include <libmatch/check/rounds.hpp>
#include <libmatch/core/random.hpp>
#include <libmatch/pool/rounds.hpp>

namespace libmatch {
namespace {

RoundsProblem random_problem(std::uint64_t seed, std::size_t firms, std::size_t travellers,
                             std::int32_t days, std::int32_t stops, double max_km, double cost) {
    Random random(seed);
    const auto place = [&] {
        // some firms share a place
        return LatLon{45 + 0.05 * static_cast<double>(random.below(12)),
                      4 + 0.05 * static_cast<double>(random.below(12))};
    };
    RoundsProblem p;
    p.max_km_per_day = max_km;
    p.cost_per_km = cost;
    for (std::size_t r = 0; r < travellers; ++r) p.travellers.push_back({place(), days, stops});
    for (std::size_t i = 0; i < firms; ++i) {
        p.place.push_back(place());
        p.value.push_back(0.5 + 0.25 * static_cast<double>(random.below(5)));
        p.traveller.push_back(static_cast<std::uint32_t>(random.below(travellers)));
    }
    return p;
}

RoundsResult solved(const RoundsProblem& p, unsigned threads = 1, double gap = 0) {
    RoundsOptions options;
    options.gap = gap;
    options.threads = threads;
    Control control;
    return plan_rounds(p, options, control);
}

std::string complaints(const RoundsProblem& p, const RoundsResult& r) {
    std::string text;
    for (const auto& v : check::verify(p, r).violations)
        text += v.subject + ": " + v.problem + "\n";
    return text;
}

/// The most that a traveller's rounds are worth: the best way over each set of firms, then the best
/// disjoint sets.
double brute_force(const RoundsProblem& p, std::uint32_t r) {
    std::vector<std::size_t> firms;
    for (std::size_t i = 0; i < p.value.size(); ++i) {
        if (p.traveller[i] == r) firms.push_back(i);
    }
    const std::size_t sets = std::size_t{1} << firms.size();
    std::vector<double> worth(sets, -HUGE_VAL);
    for (std::size_t set = 1; set < sets; ++set) {
        std::vector<std::size_t> order;
        double value = 0;
        for (std::size_t k = 0; k < firms.size(); ++k) {
            if ((set >> k & 1) == 0) continue;
            order.push_back(firms[k]);
            value += p.value[firms[k]];
        }
        if (order.size() > static_cast<std::size_t>(p.travellers[r].stops_per_day)) continue;
        double shortest = HUGE_VAL;
        do {
            LatLon at = p.travellers[r].home;
            double km = 0;
            for (const std::size_t i : order) {
                km += distance_km(at, p.place[i]);
                at = p.place[i];
            }
            shortest = std::min(shortest, km + distance_km(at, p.travellers[r].home));
        } while (std::next_permutation(order.begin(), order.end()));
        if (shortest <= p.max_km_per_day) worth[set] = value - p.cost_per_km * shortest;
    }
    std::vector<double> best(sets, 0.0);
    for (std::int32_t day = 0; day < p.travellers[r].days; ++day) {
        std::vector<double> next = best;
        for (std::size_t set = 1; set < sets; ++set) {
            for (std::size_t part = set; part > 0; part = (part - 1) & set)
                next[set] = std::max(next[set], best[set ^ part] + worth[part]);
        }
        best = std::move(next);
    }
    return best[sets - 1];
}

TEST(Rounds, ReachTheBestAndNeverClaimLess) {
    double known = 0, reached = 0, bound = 0;
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
        const bool tight = seed % 2 == 0;
        const RoundsProblem p =
            random_problem(seed, 7, 1, 2, 3, tight ? 60 : 200, seed % 4 < 2 ? 0.01 : 0.03);
        const double best = brute_force(p, 0);
        const RoundsResult r = solved(p);
        EXPECT_EQ(complaints(p, r), "") << seed;
        EXPECT_LE(r.certificate.objective, best + 1e-9) << seed;
        EXPECT_GE(r.certificate.bound, best - 1e-9) << seed;
        known += best;
        reached += r.certificate.objective;
        bound += r.certificate.bound;
    }
    EXPECT_GE(reached, 0.9999 * known);
    EXPECT_LE(bound, 1.05 * known);
}

TEST(Rounds, FewerFirmsThanADayHasStops) {
    for (std::uint64_t seed = 0; seed < 30; ++seed) {
        const RoundsProblem p = random_problem(seed, 4, 1, 3, 7, 150, 0.01);
        const RoundsResult r = solved(p);
        EXPECT_EQ(complaints(p, r), "") << seed;
        EXPECT_GE(r.certificate.bound, brute_force(p, 0) - 1e-9) << seed;
    }
}

TEST(Rounds, TravellersDoNotMeet) {
    const RoundsProblem p = random_problem(5, 12, 2, 1, 4, 120, 0.01);
    const RoundsResult r = solved(p);
    EXPECT_EQ(complaints(p, r), "");
    EXPECT_NEAR(r.certificate.objective, brute_force(p, 0) + brute_force(p, 1), 1e-9);
}

TEST(Rounds, AreTheSameBitsOnAnyNumberOfThreads) {
    const RoundsProblem p = random_problem(1, 300, 9, 4, 5, 120, 0.01);
    const RoundsResult one = solved(p), three = solved(p, 3);
    EXPECT_EQ(complaints(p, one), "");
    EXPECT_LE(one.certificate.gap(), 0.05);
    EXPECT_EQ(one.firm_price, three.firm_price);
    EXPECT_EQ(one.day_price, three.day_price);
    EXPECT_EQ(one.km_price, three.km_price);
    EXPECT_EQ(one.certificate.objective, three.certificate.objective);
    ASSERT_EQ(one.rounds.size(), three.rounds.size());
    for (std::size_t g = 0; g < one.rounds.size(); ++g)
        EXPECT_EQ(one.rounds[g].stops, three.rounds[g].stops);
}

TEST(Rounds, StoppedAtAnyMomentAreLawfulWithATrueBound) {
    const RoundsProblem p = random_problem(2, 40, 3, 2, 4, 100, 0.02);
    Control whole;
    whole.stop_after(1'000'000'000);
    const double best = plan_rounds(p, {0, 0, 1}, whole).certificate.objective;
    for (std::int64_t asks = 0; asks <= whole.asks(); asks += 7) {
        Control control;
        control.stop_after(asks);
        const RoundsResult r = plan_rounds(p, {0, 0, 1}, control);
        EXPECT_EQ(complaints(p, r), "") << asks;
        EXPECT_GE(r.certificate.bound, best - 1e-9) << asks;
    }
}

TEST(Rounds, NothingToVisitOrNoDays) {
    RoundsProblem p = random_problem(3, 5, 2, 0, 4, 100, 0.02);
    EXPECT_EQ(complaints(p, solved(p)), "");
    EXPECT_EQ(solved(p).certificate.bound, 0);
    p.place.clear();
    p.value.clear();
    p.traveller.clear();
    EXPECT_EQ(complaints(p, solved(p)), "");
    // days enough for all, at no cost: everything is visited, and that is the bound
    p = random_problem(3, 9, 1, 9, 3, 1000, 0);
    const RoundsResult r = solved(p);
    double all = 0;
    for (const double v : p.value) all += v;
    EXPECT_DOUBLE_EQ(r.certificate.objective, all);
    EXPECT_LE(r.certificate.bound, all * (1 + 1e-6));
}

class CorruptedRounds : public ::testing::Test {
  protected:
    void expect_named(const std::function<void(RoundsResult&)>& harm, const std::string& words) {
        RoundsResult changed = result;
        harm(changed);
        const std::string text = complaints(problem, changed);
        EXPECT_NE(text.find(words), std::string::npos) << words << " is not in:\n" << text;
    }
    const RoundsProblem problem = random_problem(4, 40, 2, 3, 4, 90, 0.01);
    const RoundsResult result = solved(problem);
};

TEST_F(CorruptedRounds, NotAtAll) {
    EXPECT_EQ(complaints(problem, result), "");
    EXPECT_GE(result.rounds.size(), 4U);
}

TEST_F(CorruptedRounds, EachIsNamed) {
    expect_named([](auto& r) { r.rounds[1].stops[0] = r.rounds[0].stops[0]; }, "visited twice");
    expect_named([](auto& r) { r.rounds[0].stops[0] = r.rounds.back().stops[0]; },
                 "waits for the visit of another traveller");
    expect_named([](auto& r) { r.rounds[0].stops.push_back(FirmId(1000U)); }, "does not exist");
    expect_named([](auto& r) { r.rounds[0].traveller = 9; }, "its traveller does not exist");
    expect_named([](auto& r) { r.rounds.push_back({0, {}}); }, "it has no stop");
    expect_named(
        [](auto& r) {
            auto& to = r.rounds[0].stops;
            const auto& from = r.rounds[1].stops;
            to.insert(to.end(), from.begin(), from.end());
        },
        "stops; a day has 4");
    expect_named(
        [](auto& r) {
            const Round split = r.rounds[0];
            r.rounds[0].stops.resize(1);
            for (std::size_t k = 1; k < split.stops.size(); ++k)
                r.rounds.push_back({split.traveller, {split.stops[k]}});
        },
        "rounds in 3 days");
    expect_named([](auto& r) { r.certificate.objective += 1e-9; }, "objective: claimed");
    expect_named([](auto& r) { r.certificate.bound -= 1e-9; }, "bound: claimed");
    expect_named([](auto& r) { r.certificate.status = Status::optimal; }, "optimal is claimed");
    expect_named([](auto& r) { r.certificate.status = Status::infeasible; }, "infeasible");
    expect_named([](auto& r) { r.firm_price[0] = -0.1; }, "finite price of at least 0");
    expect_named([](auto& r) { r.km_price.pop_back(); }, "finite price of at least 0");
    expect_named([](auto& r) { r.day_price[1] *= 0.99; }, "a day may be worth");
    for (std::size_t i = 0; i < result.firm_price.size(); ++i) {
        if (result.firm_price[i] < 0.2) continue;
        expect_named([&](auto& r) { r.firm_price[i] -= 0.2; }, "a day may be worth");
        break;
    }
}

TEST_F(CorruptedRounds, ADayThatIsTooLong) {
    RoundsProblem shorter = problem;
    shorter.max_km_per_day = 40;
    EXPECT_NE(complaints(shorter, result).find("km long; a day may have 40"), std::string::npos);
}

}  // namespace
}  // namespace libmatch
