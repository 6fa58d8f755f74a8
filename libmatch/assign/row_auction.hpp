// An auction in whole numbers on rows of pairs, for every kind of limit.
//
// Problem: prices, and pairs that nearly fit them, for max sum v_ij x_ij with demands, capacities
// and minimums. Method: the capacitated auction (auction.hpp) with these changes. Value and adviser
// of a pair share one 64-bit number, so a bid is a scan with two maxima and no branch. A minimum
// load is a number of seats that are open below price 0: such an adviser begins far below 0, holds
// its minimum until that part is bid up to 0, and opens the other seats then. A firm of demand d
// bids up to d times, never for an adviser that it holds; one that must be served bids without
// staying out as a choice. Rows hold all pairs, or each firm's best at the prices of their writing
// with the net value that no other pair exceeded: a firm whose row falls below it has the row
// written again, as prices only rise within a step. Falling steps find the height of prices; where
// capacities and minimums are large the first of them use every s-th firm and the limits over s,
// whose prices are right within the noise of such a sample. Where a step ends with minimums missed
// or seats left empty at a price, prices began too high, and a few more steps begin lower. Nothing
// here is proven: the caller does, and the exact mode (exact_mode.hpp) mends. Complexity: O(B (K +
// log C)) for B bids on rows of K pairs; B is cut off at `bids_per_unit` per unit of demand and
// step. Memory 8 bytes per pair of the rows. Preconditions: rows without pinned pairs, limits
// without pins. Deterministic: one thread, first in first out. Sources: D. P. Bertsekas, D. A.
// Castañón, "The auction algorithm for the transportation problem", Annals of Operations Research
// 20, 1989; D. P. Bertsekas, "Auction algorithms for network flow problems", Computational
// Optimization and Applications 1, 1992.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include <libmatch/core/control.hpp>
#include <libmatch/model/assignment.hpp>

namespace libmatch {

/// Rows of pairs in whole units, one row per firm, written one after the other or, with room for
/// `width` pairs each, again and again. Units are halved until every value fits 28 bits.
class PackedRows {
  public:
    /// `most`: the largest |value| that will come, units.
    PackedRows(std::size_t firms, std::size_t pairs, std::int64_t most) : shift_(bits(most)) {
        begin_.reserve(firms + 1);
        end_.reserve(firms);
        entries_.reserve(pairs);
    }
    void add(AdviserId j, std::int64_t value) { entries_.push_back(entry(j, value)); }
    void end_row() {
        end_.push_back(entries_.size());
        begin_.push_back(entries_.size());
    }

    /// Rows that can be written again; empty at first.
    [[nodiscard]] static PackedRows renewable(std::size_t firms, std::size_t width,
                                              std::int64_t most) {
        PackedRows rows(firms, 0, most);
        for (std::size_t i = 0; i < firms; ++i) {
            rows.end_.push_back(i * width);
            rows.begin_.push_back((i + 1) * width);
        }
        rows.entries_.resize(firms * width);
        rows.outside_.resize(firms, lowest_value);
        return rows;
    }
    void clear(std::size_t i) { end_[i] = begin_[i]; }
    /// Adds a pair to a row that has room; its place.
    std::size_t write(std::size_t i, AdviserId j, std::int64_t value) {
        return keep(i, entry(j, value));
    }
    /// The same for a pair as it stood in a row before.
    std::size_t keep(std::size_t i, std::int64_t packed) {
        entries_[end_[i]] = packed;
        return end_[i]++;
    }
    /// The net value from which a pair that the row leaves out may be worth a look, units.
    void set_outside(std::size_t i, std::int64_t units) {
        outside_[i] = static_cast<std::int32_t>(
            std::clamp<std::int64_t>(units >> shift_, lowest_value, -(lowest_value + 1)));
    }
    /// Shortened; the least number where rows hold all pairs.
    [[nodiscard]] std::int64_t outside(std::size_t i) const {
        return outside_.empty() ? lowest_value : outside_[i];
    }

    [[nodiscard]] std::size_t firms() const { return end_.size(); }
    [[nodiscard]] std::size_t begin(std::size_t i) const { return begin_[i]; }
    [[nodiscard]] std::size_t end(std::size_t i) const { return end_[i]; }
    [[nodiscard]] const std::int64_t* entries() const { return entries_.data(); }
    [[nodiscard]] std::size_t pairs() const { return entries_.size(); }
    /// Bits by which values are shortened.
    [[nodiscard]] int shift() const { return shift_; }
    static constexpr std::int32_t lowest_value = std::numeric_limits<std::int32_t>::min();

  private:
    static int bits(std::int64_t most) {
        int shift = 0;
        while ((most >> shift) >= (std::int64_t{1} << 28)) ++shift;
        return shift;
    }
    [[nodiscard]] std::int64_t entry(AdviserId j, std::int64_t value) const {
        return ((value >> shift_) << 32) | static_cast<std::int64_t>(j.value);
    }

    int shift_;
    std::vector<std::size_t> begin_{0}, end_;
    std::vector<std::int64_t> entries_;
    std::vector<std::int32_t> outside_;
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

    /// Writes the rows of some firms again, at prices in units, with what they leave out.
    using Renew =
        std::function<void(std::span<const std::uint32_t>, std::span<const std::int64_t>)>;

    /// `renew` is empty where rows hold all pairs.
    RowAuction(PackedRows& rows, Limits limits, Renew renew = {})
        : rows_(rows),
          limits_(std::move(limits)),
          renew_(std::move(renew)),
          m_(limits_.capacity.size()),
          price_(m_, 0),
          bids_(m_),
          degree_(rows.firms(), 0),
          waits_(rows.firms(), 0) {
        for (const std::int32_t d : limits_.demand) {
            many_ = many_ || d > 1;
            units_ += static_cast<std::uint64_t>(std::max(d, 0));
        }
        // More seats than units mean no more, and their sum might not fit.
        for (std::size_t j = 0; j < m_; ++j)
            seats_ += std::min(limits_.capacity[j], static_cast<std::int64_t>(units_));
        if (many_) taken_.assign(rows.pairs(), 0);
    }

    /// Runs all steps down to `last` times the mean of the best values, or until control stops. The
    /// answer is that of the last whole step that met all minimum loads, if one did.
    Answer run(double last, Control& control) {
        std::vector<std::uint32_t> all(rows_.firms());
        std::iota(all.begin(), all.end(), 0U);
        if (renew_) renew(all);
        find_scale();
        Answer answer;
        std::vector<std::int64_t> start(m_, 0);
        for (std::size_t j = 0; j < m_; ++j) {
            if (limits_.min_load[j] > 0) start[j] = -2 * highest_;
        }
        std::vector<Step> plan = steps(last);
        const std::int64_t finest = plan.back().epsilon;
        std::int64_t fall = share_of_mean(first_fall);
        bool kept = false;  // the minimums
        for (std::size_t k = 0; k < plan.size(); ++k) {
            const Step step = plan[k];
            begin(step, start);
            if (!bid_all(step, control)) {
                // A sample may lack what the whole has.
                if (step.stride > 1 && !control.stop()) continue;
                if (answer.step == 0 && step.stride == 1) answer = read(step);
                break;
            }
            const bool misses = step.stride == 1 && misses_minimums();
            if (step.stride == 1 && (!misses || !kept)) answer = read(step);
            kept = kept || (step.stride == 1 && !misses);
            start = next_start(step, start, misses ? fall : 0);
            if (k + 1 < plan.size() || plan.size() == most_steps) continue;
            if (misses) {
                const std::int64_t epsilon = std::max(finest, fall / drop_in_steps);
                plan.push_back({1, epsilon, 3 * epsilon});
                fall *= 2;
            } else if (step.epsilon > finest || (renew_ && empty_seats_cost(step))) {
                plan.push_back({1, finest, 3 * finest});
            }
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
            for (std::size_t e = rows_.begin(i); e < rows_.end(i); ++e) {
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

    [[nodiscard]] std::int64_t share_of_mean(double share) const {
        return std::max<std::int64_t>(
            1, static_cast<std::int64_t>(share * static_cast<double>(mean_)));
    }

    /// Mean of the capacities, or of the minimums if that is less: a sample has its share of both.
    [[nodiscard]] std::int64_t mean_room() const {
        std::int64_t least = 0, advisers = 0;
        for (const std::int64_t l : limits_.min_load) {
            least += l;
            advisers += l > 0 ? 1 : 0;
        }
        const std::int64_t room = seats_ / static_cast<std::int64_t>(std::max<std::size_t>(m_, 1));
        return advisers > 0 ? std::min(room, least / advisers) : room;
    }

    [[nodiscard]] std::vector<Step> steps(double last) const {
        std::vector<Step> out;
        const auto add = [&](std::size_t stride, double epsilon, double drop) {
            if (!out.empty() && out.back().stride == stride && out.back().epsilon == 1) return;
            out.push_back({stride, share_of_mean(epsilon), share_of_mean(drop)});
        };
        const std::int64_t room = mean_room();
        if (room >= least_room_to_sample && rows_.firms() >= least_firms_to_sample) {
            const auto coarse = static_cast<std::size_t>(room / room_in_sample);
            const auto finer = std::max<std::size_t>(1, coarse / 4);
            add(coarse, 0.03, 0.06);
            add(finer, 0.005, 0.015);
        } else {
            for (const double epsilon : {0.1, 0.02, 0.005}) add(1, epsilon, 3 * epsilon);
        }
        if (last < 0.001) add(1, 0.001, 0.003);
        add(1, last, 3 * last);
        return out;
    }

    void begin(const Step& step, const std::vector<std::int64_t>& start) {
        std::fill(degree_.begin(), degree_.end(), 0);
        std::fill(taken_.begin(), taken_.end(), 0);
        std::fill(waits_.begin(), waits_.end(), 0);
        left_.clear();
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
        if (renew_) renew(queue);
        if (control.stop()) return false;
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
                const Outcome outcome =
                    many_ ? bid_many(queue[at], step.epsilon) : bid<false>(queue[at], step.epsilon);
                if (outcome == Outcome::too_high) return false;
                // A firm that lost several pairs stands in the queue as often.
                if (outcome == Outcome::left_row && std::exchange(waits_[queue[at]], 1) == 0)
                    left_.push_back(queue[at]);
            }
            queue.swap(next_);
            if (queue.empty() && !left_.empty()) {
                queue.swap(left_);
                for (const std::uint32_t i : queue) waits_[i] = 0;
                renew(queue);
                if (control.stop()) return false;
            }
        }
        return true;
    }

    enum class Outcome { holds, stays_out, left_row, too_high };

    Outcome bid_many(std::uint32_t i, std::int64_t epsilon) {
        while (degree_[i] < limits_.demand[i]) {
            const Outcome outcome = bid<true>(i, epsilon);
            if (outcome != Outcome::holds) return outcome;
        }
        return Outcome::holds;
    }

    template <bool Many>
    Outcome bid(std::uint32_t i, std::int64_t epsilon) {
        const std::int64_t* const row = rows_.entries();
        const bool must = degree_[i] < limits_.min_demand[i];
        const std::int64_t outside = rows_.outside(i);
        std::int64_t best = lowest, next = lowest;
        if (outside != PackedRows::lowest_value) next = outside * one;
        if (!must) next = std::max<std::int64_t>(0, next);
        const std::size_t end = rows_.end(i);
        for (std::size_t e = rows_.begin(i); e < end; ++e) {
            if constexpr (Many) {
                if (taken_[e] != 0) continue;
            }
            const std::int64_t net = row[e] - price_[static_cast<std::uint32_t>(row[e])];
            next = std::max(next, std::min(best, net));
            best = std::max(best, net);
        }
        if ((best >> 32) < outside && (must || outside > 0)) return Outcome::left_row;
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

    /// Rows at the prices of now, in which every firm keeps the pairs that it holds.
    void renew(const std::vector<std::uint32_t>& firms) {
        std::vector<std::int64_t> units(m_), held;
        for (std::size_t j = 0; j < m_; ++j)
            units[j] = (price_[j] >> 32) * (std::int64_t{1} << rows_.shift());
        std::vector<std::size_t> held_end;
        for (std::size_t k = 0; many_ && k < firms.size(); ++k) {
            for (std::size_t e = rows_.begin(firms[k]); e < rows_.end(firms[k]); ++e) {
                if (std::exchange(taken_[e], 0) != 0) held.push_back(rows_.entries()[e]);
            }
            held_end.push_back(held.size());
        }
        renew_(firms, units);
        for (std::size_t k = 0, at = 0; many_ && k < firms.size(); ++k) {
            for (; at < held_end[k]; ++at) {
                const auto j = static_cast<std::uint32_t>(held[at]);
                if (!mark(firms[k], j, 1)) taken_[rows_.keep(firms[k], held[at])] = 1;
            }
        }
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
    /// False when the pair is not in the row.
    bool mark(std::uint32_t i, std::uint32_t j, char taken) {
        for (std::size_t e = rows_.begin(i); e < rows_.end(i); ++e) {
            if (static_cast<std::uint32_t>(rows_.entries()[e]) != j) continue;
            taken_[e] = taken;
            return true;
        }
        return false;
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
    /// Full advisers a little cheaper. Seats that stayed empty cost nothing; in a sample that is
    /// noise. Minimums begin lower still, by `fall` at least: seats that stay empty cost little, a
    /// minimum that is missed is no answer.
    [[nodiscard]] std::vector<std::int64_t> next_start(const Step& step,
                                                       const std::vector<std::int64_t>& before,
                                                       std::int64_t fall) const {
        std::vector<std::int64_t> start(m_);
        for (std::size_t j = 0; j < m_; ++j) {
            const auto load = static_cast<std::int64_t>(bids_[j].size());
            const std::int64_t price = price_[j] >> 32;
            start[j] = price - step.drop;
            if (load < seats(j) && price > 0 && step.stride == 1) start[j] = 0;
            if (limits_.min_load[j] == 0) start[j] = std::max<std::int64_t>(0, start[j]);
            // A sample may lack the minimum, or all seats.
            const bool lacks = min_load_[j] == 0 && limits_.min_load[j] > 0 && price <= 0;
            if (capacity_[j] == 0 || lacks) start[j] = before[j];
            if (load < min_load_[j]) start[j] = std::min(start[j], before[j]);
            if (limits_.min_load[j] > 0 && price <= 0)
                start[j] -= std::max(fall, minimum_drop * step.drop);
            start[j] = std::max(start[j], -ceiling);
        }
        return start;
    }
    [[nodiscard]] bool misses_minimums() const {
        for (std::size_t j = 0; j < m_; ++j) {
            if (static_cast<std::int64_t>(bids_[j].size()) < limits_.min_load[j]) return true;
        }
        return false;
    }
    /// Seats that stayed empty cost more than the step does.
    [[nodiscard]] bool empty_seats_cost(const Step& step) const {
        double empty = 0;
        std::int64_t served = 0;
        for (std::size_t j = 0; j < m_; ++j) {
            const auto load = static_cast<std::int64_t>(bids_[j].size());
            served += load;
            if (price_[j] > 0 && capacity_[j] > load)
                empty +=
                    static_cast<double>(price_[j] >> 32) * static_cast<double>(capacity_[j] - load);
        }
        return empty > worth_a_step * static_cast<double>(step.epsilon * served);
    }

    void prefetch([[maybe_unused]] std::uint32_t i) const {
#if defined(__GNUC__)
        constexpr std::size_t per_line = 64 / sizeof(std::int64_t);
        for (std::size_t e = rows_.begin(i); e < rows_.end(i); e += per_line)
            __builtin_prefetch(rows_.entries() + e);
#endif
    }

    static constexpr double first_fall = 0.04;  ///< of starts that were too high, times the mean
    static constexpr std::int64_t minimum_drop = 3;  ///< times the drop of the others
    static constexpr std::int64_t drop_in_steps = 16;
    static constexpr double worth_a_step = 0.1;  ///< what empty seats may cost, in steps per unit
    static constexpr std::size_t most_steps = 10;
    static constexpr std::size_t ahead = 8;
    static constexpr std::int64_t least_room_to_sample = 16;  ///< mean capacity
    static constexpr std::int64_t room_in_sample = 6;         ///< mean capacity of the smallest
    static constexpr std::size_t least_firms_to_sample = 4096;
    static constexpr std::int64_t one = std::int64_t{1} << 32;

    PackedRows& rows_;
    Limits limits_;
    Renew renew_;
    std::size_t m_;
    std::vector<std::int64_t> price_;                ///< shortened units, times 2^32 as in the rows
    std::vector<std::int64_t> capacity_, min_load_;  ///< of this step
    std::vector<std::vector<std::int64_t>> bids_;    ///< amount and firm; a heap, lowest first
    std::vector<std::int32_t> degree_;
    std::vector<char> taken_;          ///< pairs that their firm holds; only where demands exceed 1
    std::vector<std::uint32_t> next_;  ///< firms that lost a pair
    std::vector<std::uint32_t> left_;  ///< distinct firms whose rows left out a better pair
    std::vector<char> waits_;          ///< whether a firm is one of them
    std::int64_t highest_ = 0, mean_ = 0, seats_ = 0;
    std::uint64_t units_ = 0;
    bool many_ = false;
};

}  // namespace libmatch
