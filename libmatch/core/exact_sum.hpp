// Sums and products of doubles without any rounding, and then one rounding to a chosen side.
//
// Problem: a proof must not owe its last digits to luck. Method: a fixed-point number wide enough
// for every finite double and every product of two (Kulisch's long accumulator), in limbs of 32
// bits held in 64, so that carries wait; the value is then rounded down or up once. Complexity:
// O(1) per term, a few machine operations; about 1 KB per sum. Preconditions: none; a term that is
// not finite makes down() -infinity and up() +infinity, which proves nothing. Deterministic: the
// value does not depend on the order of the terms, nor on the number of threads. Sources: U. W.
// Kulisch, W. L. Miranker, "Computer Arithmetic in Theory and Practice", 1981; R. M. Neal, "Fast
// exact summation using small and large superaccumulators", 2015; D. E. Knuth, "The Art of Computer
// Programming", vol. 2, 4.2.2 (exact difference of two doubles).
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace libmatch {

/// A number as the exact sum of two doubles, the second within half a unit in the last place of the
/// first; so the order of such pairs is that of their values.
struct TwoDoubles {
    double high = 0;
    double low = 0;
    friend constexpr bool operator==(TwoDoubles a, TwoDoubles b) = default;
    friend constexpr bool operator<(TwoDoubles a, TwoDoubles b) {
        return a.high != b.high ? a.high < b.high : a.low < b.low;
    }
};

/// a - b, exactly. Precondition: the difference does not overflow.
[[nodiscard]] constexpr TwoDoubles exact_difference(double a, double b) {
    const double high = a - b;
    const double back = high - a;
    return {high, (a - (high - back)) - (b + back)};
}

class ExactSum {
  public:
    void add(double x) {
        if (!std::isfinite(x)) {
            spoilt_ = true;
            return;
        }
        const Parts p = parts(x);
        deposit(p.mantissa, p.exponent - lowest_exponent, p.negative);
    }
    void add(TwoDoubles x) {
        add(x.high);
        add(x.low);
    }
    /// The exact product.
    void add_product(double a, double b) {
        if (!std::isfinite(a) || !std::isfinite(b)) {
            spoilt_ = true;
            return;
        }
        const Parts p = parts(a), q = parts(b);
        const Wide product = static_cast<Wide>(p.mantissa) * q.mantissa;
        const int at = p.exponent + q.exponent - lowest_exponent;
        const bool negative = p.negative != q.negative;
        deposit(static_cast<std::uint64_t>(product), at, negative);
        deposit(static_cast<std::uint64_t>(product >> 64), at + 64, negative);
    }
    /// The exact product, also of counts that no double holds.
    void add_multiple(double x, std::int64_t count) {
        const std::int64_t upper = count / (std::int64_t{1} << 32) * (std::int64_t{1} << 32);
        add_product(x, static_cast<double>(upper));
        add_product(x, static_cast<double>(count - upper));
    }
    void add(const ExactSum& other) {
        ExactSum clean = other;
        clean.settle();
        settle();
        for (std::size_t k = 0; k < limbs; ++k) limb_[k] += clean.limb_[k];
        ++waiting_;
        spoilt_ = spoilt_ || other.spoilt_;
    }

    void subtract(const ExactSum& other) {
        ExactSum negative = other;
        negative.settle();
        for (std::int64_t& limb : negative.limb_) limb = -limb;
        add(negative);
    }

    /// The largest double that is not above the sum; -infinity after a term that was not finite.
    [[nodiscard]] double down() const {
        if (spoilt_) return -HUGE_VAL;
        const Rounded r = rounded();
        return r.negative ? -r.away : r.toward;
    }
    /// The smallest double that is not below the sum; +infinity after a term that was not finite.
    [[nodiscard]] double up() const {
        if (spoilt_) return HUGE_VAL;
        const Rounded r = rounded();
        return r.negative ? -r.toward : r.away;
    }

  private:
    __extension__ using Wide = unsigned __int128;
    static constexpr int bits = 32;  ///< of a limb
    /// Exponent of the lowest bit: that of the product of the two least doubles.
    static constexpr int lowest_exponent = 2 * -1074;
    /// Up to 2^2048 for one product, and 2^64 of them.
    static constexpr std::size_t limbs = (2048 + 64 - lowest_exponent) / bits + 1;
    static constexpr std::uint32_t most_waiting = std::uint32_t{1} << 29;

    struct Parts {
        std::uint64_t mantissa = 0;
        int exponent = 0;  ///< of the mantissa's lowest bit
        bool negative = false;
    };
    static Parts parts(double x) {
        const auto word = std::bit_cast<std::uint64_t>(x);
        const auto field = static_cast<int>((word >> 52) & 0x7ff);
        const std::uint64_t fraction = word & ((std::uint64_t{1} << 52) - 1);
        const std::uint64_t hidden = field > 0 ? std::uint64_t{1} << 52 : 0;
        return {fraction | hidden, (field > 0 ? field : 1) - 1075, (word >> 63) != 0};
    }

    void deposit(std::uint64_t value, int at, bool negative) {
        if (value == 0) return;
        if (++waiting_ > most_waiting) settle();
        const Wide wide = static_cast<Wide>(value) << (at % bits);
        const auto k = static_cast<std::size_t>(at / bits);
        const std::int64_t sign = negative ? -1 : 1;
        limb_[k] += sign * static_cast<std::int64_t>(static_cast<std::uint32_t>(wide));
        limb_[k + 1] += sign * static_cast<std::int64_t>(static_cast<std::uint32_t>(wide >> bits));
        limb_[k + 2] +=
            sign * static_cast<std::int64_t>(static_cast<std::uint32_t>(wide >> (2 * bits)));
    }
    /// Carries on, so that every limb but the last lies in [0, 2^32).
    void settle() {
        for (std::size_t k = 0; k + 1 < limbs; ++k) {
            const std::int64_t carry = limb_[k] >> bits;
            limb_[k] -= carry * (std::int64_t{1} << bits);
            limb_[k + 1] += carry;
        }
        waiting_ = 0;
    }

    /// The doubles on either side of the sum's size.
    struct Rounded {
        bool negative = false;
        double toward = 0;  ///< nearer to 0
        double away = 0;
    };
    [[nodiscard]] Rounded rounded() const {
        ExactSum size = *this;
        size.settle();
        Rounded r;
        r.negative = size.limb_[limbs - 1] < 0;
        if (r.negative) {
            for (std::int64_t& limb : size.limb_) limb = -limb;
            size.settle();
        }
        std::size_t top = limbs;
        while (top > 0 && size.limb_[top - 1] == 0) --top;
        if (top == 0) return r;
        const auto head = static_cast<std::uint64_t>(size.limb_[top - 1]);
        const int high = static_cast<int>(top) * bits - 1 - (std::countl_zero(head) - bits);
        constexpr int least = -1074 - lowest_exponent;  // bit of the least double
        const int low = high - 52 > least ? high - 52 : least;
        if (high + lowest_exponent > 1023) {
            r.toward = std::numeric_limits<double>::max();
            r.away = HUGE_VAL;
            return r;
        }
        std::uint64_t kept = 0;
        for (int at = high; at >= low; --at)
            kept = 2 * kept + static_cast<std::uint64_t>(size.bit(at));
        bool rest = false;
        for (int at = 0; at < low && !rest; ++at) rest = size.bit(at) != 0;
        r.toward = std::ldexp(static_cast<double>(kept), low + lowest_exponent);
        r.away = rest ? std::nextafter(r.toward, HUGE_VAL) : r.toward;
        return r;
    }
    [[nodiscard]] std::int64_t bit(int at) const {
        return limb_[static_cast<std::size_t>(at / bits)] >> (at % bits) & 1;
    }

    std::array<std::int64_t, limbs> limb_{};
    std::uint32_t waiting_ = 0;  ///< deposits since carries were settled
    bool spoilt_ = false;
};

}  // namespace libmatch
