#include <gtest/gtest.h>

#include <cmath>
#include <libmatch/core/random.hpp>
#include <libmatch/retrieve/net_block.hpp>
#include <vector>

namespace libmatch::detail {
namespace {

/// A firm and blocks of advisers at random, within the preconditions of the kernels.
struct Case {
    std::vector<std::uint16_t> need, weight;
    std::vector<std::uint8_t> skill;
    std::vector<std::int16_t> offset;
    std::vector<std::uint32_t> mask[4];
    std::size_t blocks = 0;
    int shift = 0;
    std::int16_t scale = 0;

    explicit Case(std::uint64_t seed) {
        Random random(seed);
        const std::size_t pairs = 1 + random.below(20);
        const auto most = static_cast<int>(1 + random.below(16));  // of a level
        blocks = 1 + random.below(5);
        int whole = 0;
        const auto two = [&](auto number) {
            const int low = number(), high = number();
            return static_cast<std::uint16_t>(low | high << 8);
        };
        const auto level = [&] {
            return static_cast<int>(random.below(static_cast<std::size_t>(most) + 1));
        };
        for (std::size_t p = 0; p < pairs; ++p) {
            need.push_back(two(level));
            weight.push_back(two([&] { return static_cast<int>(random.below(50)); }));
            whole += (need[p] & 0xff) * (weight[p] & 0xff) + (need[p] >> 8) * (weight[p] >> 8);
        }
        while (whole > 0 && whole << (shift + 1) <= 32'767) ++shift;
        scale = static_cast<std::int16_t>(random.below(32'768));
        for (std::size_t k = 0; k < blocks * pairs * 2 * block_advisers; ++k)
            skill.push_back(static_cast<std::uint8_t>(random.below(20)));
        for (std::size_t a = 0; a < blocks * block_advisers; ++a) {
            // Near both ends of the range too.
            const int at =
                random.below(4) == 0 ? 32'000 : static_cast<int>(random.below(60'000)) - 30'000;
            offset.push_back(static_cast<std::int16_t>(random.below(6) == 0 ? -32'767 : at));
        }
        for (auto& m : mask) {
            for (std::size_t b = 0; b < blocks; ++b) {
                const auto bits = static_cast<std::uint32_t>(random.bits() | random.bits());
                m.push_back(random.below(6) == 0 ? 0 : bits);
            }
        }
    }
    [[nodiscard]] NeedCode firm() const {
        return {need.data(), weight.data(), need.size(), shift, scale};
    }
    [[nodiscard]] NetBlocks in() const {
        return {blocks,
                skill.data(),
                offset.data(),
                {mask[0].data(), mask[1].data(), mask[2].data(), mask[3].data()}};
    }
};

TEST(NetBlock, IsOffsetAndScaledSumOfLevelsMet) {
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
        const Case c(seed);
        std::vector<std::int16_t> net(c.offset.size());
        const std::int16_t highest = net_kernel().net(c.firm(), c.in(), net.data());
        std::int16_t most = excluded_net;
        for (std::size_t a = 0; a < net.size(); ++a) {
            const std::size_t b = a / block_advisers, lane = a % block_advisers;
            bool meets = true;
            for (const auto& m : c.mask) meets = meets && (m[b] >> lane & 1U) != 0;
            most = std::max(most, net[a]);
            if (!meets) {
                EXPECT_EQ(net[a], excluded_net);
                continue;
            }
            double sum = 0;
            for (std::size_t k = 0; k < 2 * c.need.size(); ++k) {
                const int n = c.need[k / 2] >> (k % 2 * 8) & 0xff;
                const int w = c.weight[k / 2] >> (k % 2 * 8) & 0xff;
                const int s =
                    c.skill[((b * c.need.size() + k / 2) * block_advisers + lane) * 2 + k % 2];
                sum += w * std::min(n, s);
            }
            const double expected =
                c.offset[a] + sum * std::ldexp(static_cast<double>(c.scale), c.shift - 15);
            if (expected < 32'766) {
                EXPECT_NEAR(net[a], expected, 0.5) << "seed " << seed;
            } else {
                EXPECT_GE(net[a], 32'766);
            }
        }
        EXPECT_EQ(highest, most);
    }
}

TEST(NetBlock, EveryVersionGivesTheSameBits) {
    for (std::uint64_t seed = 100; seed < 260; ++seed) {
        const NetKernel widest = net_kernel(seed % 2 == 0);
        const Case c(seed);
        const std::size_t size = c.offset.size();
        std::vector<std::int16_t> one(size), other(size);
        EXPECT_EQ(widest.net(c.firm(), c.in(), one.data()),
                  net_plain(c.firm(), c.in(), other.data()));
        EXPECT_EQ(one, other);
        Random random(seed);
        for (int k = 0; k < 20; ++k) {
            const auto least = k == 0   ? excluded_net
                               : k == 1 ? std::int16_t{32'767}
                                        : one[random.below(size)];
            EXPECT_EQ(widest.count(one.data(), size, least), count_plain(one.data(), size, least));
            std::vector<std::uint32_t> found(size), expected(size);
            found.resize(widest.find(one.data(), size, least, found.data()));
            expected.resize(find_plain(one.data(), size, least, expected.data()));
            EXPECT_EQ(found, expected);
            EXPECT_EQ(found.size(), count_plain(one.data(), size, least));
        }
    }
}

TEST(NetBlock, CountsMoreThanACounterOfSixteenBitsHolds) {
    const std::vector<std::int16_t> net(32 * 40'000, 7);
    EXPECT_EQ(net_kernel().count(net.data(), net.size(), 7), net.size());
    EXPECT_EQ(net_kernel().count(net.data(), net.size(), 8), 0U);
}

}  // namespace
}  // namespace libmatch::detail
