#include <gtest/gtest.h>

#include <bit>
#include <cstdint>
#include <vector>

#include <libmatch/core/random.hpp>
#include <libmatch/pool/disjoint_sets.hpp>

namespace libmatch::detail {
namespace {

/// Sets with prices that none of them beats.
struct Case {
    std::vector<double> prices;
    std::vector<DisjointSets::Set> sets;
};

Case seeded(std::uint64_t seed, std::size_t n, std::size_t sets) {
    Random random(seed);
    Case c;
    for (std::size_t k = 0; k < n; ++k) c.prices.push_back(random.uniform());
    for (std::size_t s = 0; s < sets; ++s) {
        const auto mask =
            static_cast<std::uint32_t>(random.bits() & random.bits() & ((1U << n) - 1U));
        if (mask == 0) continue;
        double price = 0;
        for (std::size_t k = 0; k < n; ++k) price += mask >> k & 1 ? c.prices[k] : 0;
        c.sets.push_back({mask, price * (0.5 + 0.5 * random.uniform())});
    }
    return c;
}

double by_enumeration(const Case& c, std::size_t at, std::uint32_t taken) {
    if (at == c.sets.size()) return 0;
    const double without = by_enumeration(c, at + 1, taken);
    if ((c.sets[at].mask & taken) != 0) return without;
    return std::max(without, c.sets[at].worth + by_enumeration(c, at + 1, taken | c.sets[at].mask));
}

double total(const std::vector<DisjointSets::Set>& sets) {
    double sum = 0;
    std::uint32_t taken = 0;
    for (const DisjointSets::Set& s : sets) {
        EXPECT_EQ(taken & s.mask, 0U);
        taken |= s.mask;
        sum += s.worth;
    }
    return sum;
}

TEST(DisjointSets, TheBestAreFound) {
    const Control go_on;
    DisjointSets search;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        const Case c = seeded(seed, 4 + seed % 7, 16);
        const double best = by_enumeration(c, 0, 0);
        search.clear(c.prices, 0);
        for (const auto& s : c.sets) search.add(s);
        ASSERT_TRUE(search.solve(go_on));
        EXPECT_NEAR(total(search.best()), best, 1e-9) << seed;
    }
}

TEST(DisjointSets, NothingNoBetterThanKnownIsAnAnswer) {
    const Control go_on;
    DisjointSets search;
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        const Case c = seeded(seed, 8, 16);
        const double best = by_enumeration(c, 0, 0);
        const auto solved = [&](double known) {
            search.clear(c.prices, known);
            for (const auto& s : c.sets) search.add(s);
            return search.solve(go_on);
        };
        EXPECT_FALSE(solved(best + 1e-9)) << seed;
        ASSERT_TRUE(solved(best - 1e-6)) << seed;
        EXPECT_NEAR(total(search.best()), best, 1e-9) << seed;
    }
}

TEST(DisjointSets, StoppedWorkIsNoAnswer) {
    Control control;
    control.cancel();
    const Case c = seeded(3, 14, 4000);
    DisjointSets search;
    search.clear(c.prices, 0);
    for (const auto& s : c.sets) search.add(s);
    EXPECT_FALSE(search.solve(control));
}

}  // namespace
}  // namespace libmatch::detail
