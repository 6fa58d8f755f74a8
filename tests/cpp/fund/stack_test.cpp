#include <gtest/gtest.h>

#include <functional>

#include <libmatch/core/random.hpp>
#include <libmatch/fund/stack.hpp>

namespace libmatch::detail {
namespace {

struct Case {
    std::vector<Offer> offers;
    std::vector<std::int64_t> weight;
    std::vector<Settled> settled;
    Cents limit = 0, de_minimis = 0;
};

Case random_case(Random& random) {
    Case c;
    const std::size_t n = 1 + random.below(4);
    for (std::size_t k = 0; k < n; ++k) {
        Offer o;
        o.scheme = static_cast<std::uint32_t>(k);
        o.group = static_cast<std::uint32_t>(random.below(3));
        o.de_minimis = random.below(2) == 0;
        o.most = static_cast<Cents>(random.below(6));
        o.floor = static_cast<Cents>(random.below(5));
        if (random.below(3) == 0) o.ceiling = static_cast<Cents>(random.below(9));
        c.offers.push_back(o);
        c.weight.push_back(static_cast<std::int64_t>(random.below(6)) - 1);
        c.settled.push_back(random.below(5) == 0
                                ? (random.below(2) == 0 ? Settled::in : Settled::out)
                                : Settled::open);
    }
    c.limit = static_cast<Cents>(random.below(12));
    c.de_minimis = static_cast<Cents>(random.below(8));
    return c;
}

bool lawful(const Case& c, const std::vector<Cents>& amounts,
            const std::vector<std::uint8_t>& takes) {
    Cents sum = 0, small = 0, limit = c.limit;
    for (std::size_t k = 0; k < amounts.size(); ++k) {
        const Offer& o = c.offers[k];
        if (takes[k] == 0) continue;
        if (amounts[k] < o.floor || amounts[k] > o.most) return false;
        sum += amounts[k];
        if (o.de_minimis) small += amounts[k];
        limit = std::min(limit, o.ceiling);
        for (std::size_t other = 0; other < k; ++other) {
            if (takes[other] != 0 && o.group != 0 && c.offers[other].group == o.group) return false;
        }
    }
    return sum <= limit && small <= c.de_minimis;
}

/// Every choice of schemes and amounts.
Worth best_by_trying(const Case& c) {
    Worth best = StackChooser::no_stack;
    const std::size_t n = c.offers.size();
    std::vector<Cents> amounts(n, 0);
    std::vector<std::uint8_t> takes(n, 0);
    const std::function<void(std::size_t)> go = [&](std::size_t k) {
        if (k == n) {
            if (!lawful(c, amounts, takes)) return;
            Worth worth = 0;
            for (std::size_t o = 0; o < n; ++o)
                worth += static_cast<Worth>(c.weight[o]) * amounts[o];
            best = std::max(best, worth);
            return;
        }
        takes[k] = 0;
        amounts[k] = 0;
        if (c.settled[k] != Settled::in) go(k + 1);
        takes[k] = 1;
        for (amounts[k] = 0; c.settled[k] != Settled::out && amounts[k] <= c.offers[k].most;
             ++amounts[k])
            go(k + 1);
        takes[k] = 0;
        amounts[k] = 0;
    };
    go(0);
    return best;
}

TEST(Stack, IsTheBestOfAllLawfulOnes) {
    Random random(5);
    StackChooser chooser;
    int rich = 0;
    for (int k = 0; k < 20'000; ++k) {
        Case c = random_case(random);
        std::vector<Cents> amounts;
        const Worth found =
            chooser.best(c.offers, c.limit, c.de_minimis, c.weight, amounts, {}, c.settled);
        const Worth best = best_by_trying(c);
        ASSERT_TRUE(found == best) << "case " << k << ": " << static_cast<long long>(found)
                                   << " instead of " << static_cast<long long>(best);
        if (best == StackChooser::no_stack) continue;
        std::vector<std::uint8_t> takes;
        for (std::size_t o = 0; o < amounts.size(); ++o)
            takes.push_back(amounts[o] > 0 || c.settled[o] == Settled::in ? 1 : 0);
        ASSERT_TRUE(lawful(c, amounts, takes)) << "case " << k;
        rich += best > 5 ? 1 : 0;
    }
    EXPECT_GT(rich, 3'000);
}

TEST(Stack, RoomOfBudgetsLimitsOffers) {
    const std::vector<Offer> offers{{0, 0, false, 100, 30, no_limit},
                                    {1, 0, false, 50, 0, no_limit}};
    const std::vector<std::int64_t> weight{2, 1};
    std::vector<Cents> amounts;
    StackChooser chooser;
    const std::vector<Cents> little{20, 10}, some{40, 10};
    EXPECT_TRUE(chooser.best(offers, 1'000, 1'000, weight, amounts, little) == 10);
    EXPECT_EQ(amounts, (std::vector<Cents>{0, 10}));
    EXPECT_TRUE(chooser.best(offers, 1'000, 1'000, weight, amounts, some) == 90);
    EXPECT_EQ(amounts, (std::vector<Cents>{40, 10}));
}

TEST(Cents, AreThoseOfTheDecimalNumber) {
    EXPECT_EQ(cents_down(0.35 * 23'456), 820'960);
    EXPECT_EQ(cents_down(0.1 + 0.2), 30);
    EXPECT_EQ(cents_down(12.349), 1'234);
    EXPECT_EQ(cents_up(12.341), 1'235);
    EXPECT_EQ(cents_up(500), 50'000);
    EXPECT_EQ(cents_down(HUGE_VAL), no_limit);
}

}  // namespace
}  // namespace libmatch::detail
