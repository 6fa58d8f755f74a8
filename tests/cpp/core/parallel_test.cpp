#include <gtest/gtest.h>

#include <libmatch/core/parallel.hpp>
#include <numeric>
#include <stdexcept>
#include <string>

namespace libmatch {
namespace {

TEST(Parallel, ChunksCoverTheRangeOnceForAnyThreads) {
    for (const unsigned threads : {1U, 2U, 3U, 8U}) {
        for (const std::size_t n : {0U, 1U, 9U, 10U, 11U, 1'000U}) {
            std::vector<int> visits(n, 0);
            std::vector<std::size_t> chunk_of(n);
            parallel_chunks(n, 10, threads, [&](std::size_t begin, std::size_t end) {
                for (std::size_t k = begin; k < end; ++k) {
                    ++visits[k];
                    chunk_of[k] = begin;
                }
            });
            for (std::size_t k = 0; k < n; ++k) {
                EXPECT_EQ(visits[k], 1);
                EXPECT_EQ(chunk_of[k], k / 10 * 10);
            }
        }
    }
}

TEST(Parallel, ChunkOfZeroMeansOne) {
    int calls = 0;
    parallel_chunks(3, 0, 1, [&](std::size_t begin, std::size_t end) {
        EXPECT_EQ(end, begin + 1);
        ++calls;
    });
    EXPECT_EQ(calls, 3);
}

TEST(Parallel, ExceptionOfTheFirstFailingChunkReachesTheCaller) {
    for (const unsigned threads : {1U, 2U, 4U}) {
        try {
            parallel_chunks(100, 1, threads, [](std::size_t begin, std::size_t) {
                if (begin == 17 || begin == 60) throw std::runtime_error(std::to_string(begin));
            });
            FAIL() << "nothing was thrown";
        } catch (const std::runtime_error& error) {
            EXPECT_STREQ(error.what(), "17");
        }
    }
}

TEST(Parallel, ZeroThreadsMeansAllCores) {
    EXPECT_GE(thread_count(0), 1U);
    EXPECT_EQ(thread_count(3), 3U);
}

TEST(Sum, KeepsSmallTermsBesideLargeOnes) {
    Sum sum;
    for (const double x : {1.0, 1e100, 1.0, -1e100}) sum.add(x);
    EXPECT_EQ(sum.value(), 2);
    Sum tenths;
    for (int k = 0; k < 10'000'000; ++k) tenths.add(0.1);
    EXPECT_NEAR(tenths.value(), 1e6, 1e-9);
}

}  // namespace
}  // namespace libmatch
