#include <gtest/gtest.h>

#include <libmatch/core/types.hpp>
#include <unordered_set>

namespace libmatch {
namespace {

TEST(Index, DefaultMeansNone) {
    EXPECT_FALSE(FirmId{}.known());
    EXPECT_TRUE(FirmId{0U}.known());
}

TEST(Index, ComparesByValue) {
    EXPECT_EQ(FirmId{3U}, FirmId{3U});
    EXPECT_LT(FirmId{3U}, FirmId{4U});
    EXPECT_LT(FirmId{4U}, FirmId{});
}

TEST(Index, Hashes) {
    const std::unordered_set<FirmId> seen{FirmId{1U}, FirmId{2U}, FirmId{1U}};
    EXPECT_EQ(seen.size(), 2U);
}

}  // namespace
}  // namespace libmatch
