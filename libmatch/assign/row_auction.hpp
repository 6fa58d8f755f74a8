// An auction in whole numbers on given rows of pairs: a start for the exact mode, for every limit.
//
// Problem: prices, and pairs that nearly fit them, for max sum v_ij x_ij with demands, capacities
// and minimums. Method: the capacitated auction (auction.hpp) with three changes. Value and adviser
// of a pair share one 64-bit number, so a bid is a scan with two maxima and no branch. A minimum
// load is a number of seats that are open below price 0: such an adviser begins far below 0, holds
// its minimum until that part is bid up to 0, and opens the other seats then. A firm of demand d
// bids up to d times, never for an adviser that it holds. Falling steps find the height of prices;
// where capacities are large the first of them use every s-th firm and capacities over s, whose
// prices are right within the noise of such a sample. Nothing here is proven: the exact mode
// (exact_mode.hpp) mends and proves. Complexity: O(B (K + log C)) for B bids on rows of K pairs;
// B is cut off at `bids_per_unit` per unit of demand. Memory 8 bytes per pair. Preconditions: rows
// without pinned pairs, limits without pins. Deterministic: one thread, first in first out.
// Sources: D. P. Bertsekas, D. A. Castañón, "The auction algorithm for the transportation problem",
// Annals of Operations Research 20, 1989; D. P. Bertsekas, "Auction algorithms for network flow
// problems", Computational Optimization and Applications 1, 1992.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <utility>
#include <vector>

#include <libmatch/core/control.hpp>
#include <libmatch/model/assignment.hpp>

namespace libmatch {

/// Rows of pairs in whole units, one row per firm. Units are halved until every value fits 28 bits.
class PackedRows {
  public:
    /// `most`: the largest |value| that will come, units.
    PackedRows(std::size_t firms, std::size_t pairs, std::int64_t most) {
        while ((most >> shift_) >= (std::int64_t{1} << 28)) ++shift_;
        begin_.reserve(firms + 1);
        entries_.reserve(pairs);
    }
    void add(AdviserId j, std::int64_t value) {
        entries_.push_back(((value >> shift_) << 32) | static_cast<std::int64_t>(j.value));
    }
    void end_row() { begin_.push_back(entries_.size()); }

    [[nodiscard]] std::size_t firms() const { return begin_.size() - 1; }
    [[nodiscard]] std::size_t begin(std::size_t i) const { return begin_[i]; }
    [[nodiscard]] const std::int64_t* entries() const { return entries_.data(); }
    [[nodiscard]] std::size_t pairs() const { return entries_.size(); }
    /// Bits by which values are shortened.
    [[nodiscard]] int shift() const { return shift_; }

  private:
    int shift_ = 0;
    std::vector<std::size_t> begin_{0};
    std::vector<std::int64_t> entries_;
};

class RowAuction {
  public:
    /// Limits without pins.
    struct Limits {
        std::vector<std::int64_t> capacity, min_load;
        std::vector<std::int32_t> demand, min_demand;
    };
    struct Answer {
        std::vector<Pair> pairs;
        std::vector<std::int64_t> prices;  ///< units
        std::int64_t step = 0;             ///< the last one, units
    };

    RowAuction(const PackedRows& rows, Limits limits)
        : rows_(rows),
          limits_(std::move(limits)),
          m_(limits_.capacity.size()),
          price_(m_, 0),
          bids_(m_),
          degree_(rows.firms(), 0) {
        for (const std::int32_t d : limits_.demand) {
            many_ = many_ || d > 1;
            units_ += static_cast<std::uint64_t>(std::max(d, 0));
        }
        // More seats than units mean no more, and their sum might not fit.
        for (std::size_t j = 0; j < m_; ++j)
            seats_ += std::min(limits_.capacity[j], static_cast<std::int64_t>(units_));
        if (many_) taken_.assign(rows.pairs(), 0);
    }

    /// Runs all steps, or until control stops; then the answer is that of the last whole step.
    Answer run(Control& control) {
        find_scale();
        Answer answer;
        std::vector<std::int64_t> start(m_, 0);
        for (std::size_t j = 0; j < m_; ++j) {
            if (limits_.min_load[j] > 0) start[j] = -2 * highest_;
        }
        for (const Step& step : steps()) {
            begin(step, start);
            if (!bid_all(step, control)) {
                if (answer.step == 0 && step.stride == 1) answer = read(step);
                break;
            }
            if (step.stride == 1) answer = read(step);
            start = next_start(step, start);
        }
        if (answer.prices.empty()) answer.prices.assign(m_, 0);
        for (std::size_t j = 0; j < m_; ++j) {
            // Nobody may want seats that do not exist.
            if (limits_.capacity[j] == 0) answer.prices[j] = (highest_ + 1) << rows_.shift();
        }
        return answer;
    }

  private:
    struct Step {
        std::size_t stride = 1;  ///< every which firm bids
        std::int64_t epsilon = 1;
        std::int64_t drop = 0;  ///< how far below its prices the next step begins
    };
    static constexpr std::uint64_t bids_per_unit = 200;
    static constexpr std::int64_t lowest = std::numeric_limits<std::int64_t>::min();
    static constexpr std::int64_t ceiling = std::int64_t{1} << 30;  ///< no price may pass it

    void find_scale() {
        std::int64_t sum = 0, wanted = 0;
        for (std::size_t i = 0; i < rows_.firms(); ++i) {
            std::int64_t top = lowest;
            for (std::size_t e = rows_.begin(i); e < rows_.begin(i + 1); ++e) {
                const std::int64_t value = rows_.entries()[e] >> 32;
                top = std::max(top, value);
                highest_ = std::max(highest_, std::abs(value));
            }
            if (top <= 0) continue;
            sum += top;
            ++wanted;
        }
        mean_ = wanted > 0 ? sum / wanted : highest_;
    }

    [[nodiscard]] std::vector<Step> steps() const {
        std::vector<Step> out;
        const auto of_mean = [&](double share) {
            return std::max<std::int64_t>(
                1, static_cast<std::int64_t>(share * static_cast<double>(mean_)));
        };
        const auto add = [&](std::size_t stride, double epsilon, double drop) {
            if (!out.empty() && out.back().stride == stride && out.back().epsilon == 1) return;
            out.push_back({stride, of_mean(epsilon), of_mean(drop)});
        };
        const std::int64_t room = seats_ / static_cast<std::int64_t>(std::max<std::size_t>(m_, 1));
        if (room >= least_room_to_sample && rows_.firms() >= least_firms_to_sample) {
            const auto coarse = static_cast<std::size_t>(room / room_in_sample);
            const auto finer = std::max<std::size_t>(1, coarse / 4);
            add(coarse, 0.03, 0.06);
            add(finer, 0.005, 0.015);
        } else {
            for (const double epsilon : {0.1, 0.02, 0.005}) add(1, epsilon, 3 * epsilon);
        }
        add(1, 0.001, 0.003);
        add(1, 0.0003, 0);
        return out;
    }

    void begin(const Step& step, const std::vector<std::int64_t>& start) {
        std::fill(degree_.begin(), degree_.end(), 0);
        std::fill(taken_.begin(), taken_.end(), 0);
        capacity_ = limits_.capacity;
        min_load_ = limits_.min_load;
        if (step.stride > 1) {
            const auto stride = static_cast<std::int64_t>(step.stride);
            std::int64_t carry = 0, minimum_carry = 0;
            for (std::size_t j = 0; j < m_; ++j) {
                capacity_[j] = share(limits_.capacity[j], stride, carry);
                min_load_[j] =
                    std::min(capacity_[j], share(limits_.min_load[j], stride, minimum_carry));
            }
        }
        for (std::size_t j = 0; j < m_; ++j) {
            bids_[j].clear();
            price_[j] = min_load_[j] > 0 ? start[j] : std::max<std::int64_t>(start[j], 0);
            // Seats that a sample does not have.
            if (capacity_[j] == 0) price_[j] = highest_ + 1;
            price_[j] *= one;
        }
    }
    /// units / stride, rounded so that the sums stay right.
    static std::int64_t share(std::int64_t units, std::int64_t stride, std::int64_t& carry) {
        const std::int64_t want = units + carry;
        const std::int64_t out =
            units == 0 ? 0 : std::max<std::int64_t>(0, (want + stride / 2) / stride);
        carry = want - out * stride;
        return out;
    }

    [[nodiscard]] std::int64_t seats(std::size_t j) const {
        return price_[j] < 0 ? min_load_[j] : capacity_[j];
    }

    /// False when stopped, or when bids or prices leave their bounds.
    bool bid_all(const Step& step, Control& control) {
        std::vector<std::uint32_t> queue;
        for (std::size_t i = 0; i < rows_.firms(); i += step.stride) {
            if (limits_.demand[i] > 0) queue.push_back(static_cast<std::uint32_t>(i));
        }
        const std::uint64_t most = 10'000 + bids_per_unit * units_ / step.stride;
        std::uint64_t made = 0;
        while (!queue.empty()) {
            next_.clear();
            for (std::size_t at = 0; at < queue.size(); ++at) {
                if ((++made & 0xfff) == 0) {
                    control.report("assign", 0.4);
                    if (made > most || control.stop()) return false;
                }
                if (at + ahead < queue.size()) prefetch(queue[at + ahead]);
                const bool fits = many_ ? bid_many(queue[at], step.epsilon)
                                        : bid<false>(queue[at], step.epsilon) != Outcome::too_high;
                if (!fits) return false;
            }
            queue.swap(next_);
        }
        return true;
    }

    bool bid_many(std::uint32_t i, std::int64_t epsilon) {
        while (degree_[i] < limits_.demand[i]) {
            const Outcome outcome = bid<true>(i, epsilon);
            if (outcome == Outcome::stays_out) break;
            if (outcome == Outcome::too_high) return false;
        }
        return true;
    }

    enum class Outcome { holds, stays_out, too_high };

    template <bool Many>
    Outcome bid(std::uint32_t i, std::int64_t epsilon) {
        const std::int64_t* const row = rows_.entries();
        const bool must = degree_[i] < limits_.min_demand[i];
        std::int64_t best = lowest, next = must ? lowest : 0;
        const std::size_t end = rows_.begin(i + 1);
        for (std::size_t e = rows_.begin(i); e < end; ++e) {
            if constexpr (Many) {
                if (taken_[e] != 0) continue;
            }
            const std::int64_t net = row[e] - price_[static_cast<std::uint32_t>(row[e])];
            next = std::max(next, std::min(best, net));
            best = std::max(best, net);
        }
        if (best == lowest || (!must && (best >> 32) <= 0)) return Outcome::stays_out;
        const auto j = static_cast<std::uint32_t>(best);
        if (capacity_[j] == 0) return Outcome::stays_out;
        // Without a next choice a firm that must be served bids all it may need.
        const std::int64_t margin =
            next == lowest ? 2 * highest_ : std::max<std::int64_t>(0, (best >> 32) - (next >> 32));
        const std::int64_t amount = (price_[j] >> 32) + margin + epsilon;
        if (amount >= ceiling) return Outcome::too_high;
        if constexpr (Many) mark(i, j, 1);
        ++degree_[i];
        place(j, amount * one + static_cast<std::int64_t>(i));
        return Outcome::holds;
    }

    void place(std::uint32_t j, std::int64_t key) {
        auto& bids = bids_[j];
        if (static_cast<std::int64_t>(bids.size()) < seats(j)) {
            bids.push_back(key);
            std::push_heap(bids.begin(), bids.end(), std::greater<>());
        } else {
            const auto loser = static_cast<std::uint32_t>(bids.front());
            --degree_[loser];
            if (many_) mark(loser, j, 0);
            next_.push_back(loser);
            replace_lowest(bids, key);
        }
        if (static_cast<std::int64_t>(bids.size()) < seats(j)) return;
        const std::int64_t lowest_bid = (bids.front() >> 32) * one;
        const bool opens = price_[j] < 0 && lowest_bid >= 0 && min_load_[j] < capacity_[j];
        price_[j] = opens ? 0 : lowest_bid;
    }
    static void replace_lowest(std::vector<std::int64_t>& bids, std::int64_t key) {
        std::size_t at = 0;
        while (true) {
            std::size_t child = 2 * at + 1;
            if (child >= bids.size()) break;
            if (child + 1 < bids.size() && bids[child + 1] < bids[child]) ++child;
            if (bids[child] >= key) break;
            bids[at] = bids[child];
            at = child;
        }
        bids[at] = key;
    }
    void mark(std::uint32_t i, std::uint32_t j, char taken) {
        for (std::size_t e = rows_.begin(i); e < rows_.begin(i + 1); ++e) {
            if (static_cast<std::uint32_t>(rows_.entries()[e]) == j) taken_[e] = taken;
        }
    }

    [[nodiscard]] Answer read(const Step& step) const {
        Answer answer;
        answer.step = step.epsilon << rows_.shift();
        answer.prices.resize(m_);
        for (std::size_t j = 0; j < m_; ++j)
            answer.prices[j] = (price_[j] >> 32) * (std::int64_t{1} << rows_.shift());
        std::vector<std::size_t> begin(rows_.firms() + 1, 0);
        for (std::size_t i = 0; i < rows_.firms(); ++i)
            begin[i + 1] = begin[i] + static_cast<std::size_t>(degree_[i]);
        answer.pairs.resize(begin.back());
        for (std::size_t j = 0; j < m_; ++j) {
            for (const std::int64_t key : bids_[j]) {
                const auto i = static_cast<std::uint32_t>(key);
                answer.pairs[begin[i]++] = {FirmId(i), AdviserId(j)};
            }
        }
        return answer;
    }
    /// Full advisers a little cheaper. Seats that stayed empty cost nothing, and a minimum that was
    /// not met begins as low as before; in a sample both are noise.
    [[nodiscard]] std::vector<std::int64_t> next_start(
        const Step& step, const std::vector<std::int64_t>& before) const {
        std::vector<std::int64_t> start(m_);
        for (std::size_t j = 0; j < m_; ++j) {
            const auto load = static_cast<std::int64_t>(bids_[j].size());
            const std::int64_t price = price_[j] >> 32;
            start[j] = price - step.drop;
            if (load < seats(j) && price > 0 && step.stride == 1) start[j] = 0;
            if (limits_.min_load[j] == 0) start[j] = std::max<std::int64_t>(0, start[j]);
            if (capacity_[j] == 0) start[j] = before[j];
            if (load < min_load_[j]) start[j] = std::min(start[j], before[j]);
        }
        return start;
    }

    void prefetch([[maybe_unused]] std::uint32_t i) const {
#if defined(__GNUC__)
        constexpr std::size_t per_line = 64 / sizeof(std::int64_t);
        for (std::size_t e = rows_.begin(i); e < rows_.begin(i + 1); e += per_line)
            __builtin_prefetch(rows_.entries() + e);
#endif
    }

    static constexpr std::size_t ahead = 8;
    static constexpr std::int64_t least_room_to_sample = 16;  ///< mean capacity
    static constexpr std::int64_t room_in_sample = 6;         ///< mean capacity of the smallest
    static constexpr std::size_t least_firms_to_sample = 4096;
    static constexpr std::int64_t one = std::int64_t{1} << 32;

    const PackedRows& rows_;
    Limits limits_;
    std::size_t m_;
    std::vector<std::int64_t> price_;                ///< shortened units, times 2^32 as in the rows
    std::vector<std::int64_t> capacity_, min_load_;  ///< of this step
    std::vector<std::vector<std::int64_t>> bids_;    ///< amount and firm; a heap, lowest first
    std::vector<std::int32_t> degree_;
    std::vector<char> taken_;  ///< pairs that their firm holds; only where demands exceed 1
    std::vector<std::uint32_t> next_;
    std::int64_t highest_ = 0, mean_ = 0, seats_ = 0;
    std::uint64_t units_ = 0;
    bool many_ = false;
};

}  // namespace libmatch
