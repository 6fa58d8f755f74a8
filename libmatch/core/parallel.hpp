// Parallel loops whose results do not depend on the number of threads.
//
// Method: the range is cut into chunks whose bounds depend on the range alone; threads take chunks
// from a shared counter. A body writes only to slots of its own indices, or to its own chunk's
// slot, so the result is the same bits for any number of threads. Exceptions of a body reach the
// caller (the first chunk's wins).
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <thread>
#include <vector>

namespace libmatch {

/// Number of threads meant by a user's option; 0 means all cores.
[[nodiscard]] inline unsigned thread_count(unsigned asked) {
    return asked != 0 ? asked : std::max(1U, std::thread::hardware_concurrency());
}

/// Calls body(begin, end) for consecutive chunks of [0, n).
template <class Body>
void parallel_chunks(std::size_t n, std::size_t chunk, unsigned threads, const Body& body) {
    chunk = std::max<std::size_t>(chunk, 1);
    const std::size_t chunks = (n + chunk - 1) / chunk;
    const auto workers =
        static_cast<unsigned>(std::min<std::size_t>(thread_count(threads), chunks));
    if (workers <= 1) {
        for (std::size_t c = 0; c < chunks; ++c) body(c * chunk, std::min(n, (c + 1) * chunk));
        return;
    }
    std::atomic<std::size_t> next{0};
    std::vector<std::exception_ptr> failures(chunks);
    {
        std::vector<std::jthread> pool;
        pool.reserve(workers);
        for (unsigned w = 0; w < workers; ++w) {
            pool.emplace_back([&] {
                for (std::size_t c = next++; c < chunks; c = next++) {
                    try {
                        body(c * chunk, std::min(n, (c + 1) * chunk));
                    } catch (...) {
                        failures[c] = std::current_exception();
                    }
                }
            });
        }
    }
    for (const auto& failure : failures) {
        if (failure) std::rethrow_exception(failure);
    }
}

/// Sum of values in a fixed order with compensation (Neumaier), so that large sums keep their last
/// digits.
class Sum {
  public:
    constexpr void add(double x) {
        const double t = total_ + x;
        const double big = total_ >= 0 ? total_ : -total_;
        const double small = x >= 0 ? x : -x;
        rest_ += big >= small ? (total_ - t) + x : (x - t) + total_;
        total_ = t;
    }
    [[nodiscard]] constexpr double value() const { return total_ + rest_; }

  private:
    double total_ = 0;
    double rest_ = 0;
};

}  // namespace libmatch
