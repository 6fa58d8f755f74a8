// Reproducible random numbers: the same stream on every platform and for any number of threads.
//
// Method: SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA
// 2014). A stream is a function of (seed, stream number), so each firm or seat can own one.
#pragma once

#include <cstdint>

namespace libmatch {

class Random {
  public:
    explicit constexpr Random(std::uint64_t seed, std::uint64_t stream = 0)
        : state_(mix(seed + golden * (stream + 1))) {}

    constexpr std::uint64_t bits() { return mix(state_ += golden); }

    /// Uniform in [0, 1), 53 bits.
    constexpr double uniform() { return static_cast<double>(bits() >> 11) * 0x1.0p-53; }

    /// Uniform in {0, ..., n - 1}; the bias is below n / 2^64. n >= 1.
    constexpr std::uint64_t below(std::uint64_t n) {
        __extension__ using Wide = unsigned __int128;
        const auto wide = static_cast<Wide>(bits()) * n;
        return static_cast<std::uint64_t>(wide >> 64);
    }

  private:
    static constexpr std::uint64_t golden = 0x9e3779b97f4a7c15ULL;
    static constexpr std::uint64_t mix(std::uint64_t z) {
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
        return z ^ (z >> 31);
    }
    std::uint64_t state_;
};

}  // namespace libmatch
