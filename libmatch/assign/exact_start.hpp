// Where every other kind of limit than capacities begins, and the exact mode on stored rows: prices
// and pairs from an auction in whole units.
//
// Problem: prices near the optimal ones, for every kind of limit. Method: rows of pairs in whole
// units, all of them where the source holds them in rows, else each firm's best candidates, written
// again at the prices of the auction whenever they are no longer the best; pins are taken out of
// rows and limits; RowAuction does the rest. Complexity: one pass over the rows, or one question
// about a firm per step and row that it leaves, and the auction. Deterministic for any number of
// threads.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <libmatch/assign/certify.hpp>
#include <libmatch/assign/row_auction.hpp>
#include <libmatch/assign/units.hpp>
#include <libmatch/core/parallel.hpp>
#include <libmatch/model/assignment.hpp>
#include <libmatch/retrieve/source.hpp>

namespace libmatch {

class ExactStart {
  public:
    ExactStart(const PairSource& source, const AssignmentLimits& limits, const WholeUnits& units,
               std::size_t candidates, unsigned threads)
        : source_(source),
          limits_(limits),
          units_(units),
          candidates_(candidates),
          threads_(threads),
          n_(source.firms()),
          m_(source.advisers()),
          pin_begin_(detail::pin_offsets(limits.pinned, n_)) {}

    /// `last`: the auction's last step, of a mean utility.
    [[nodiscard]] RowAuction::Answer run(double last, Control& control) const {
        const auto stored = source_.stored();
        PackedRows rows = stored ? stored_rows(*stored) : empty_rows();
        RowAuction::Renew renew;
        std::optional<CandidateLists> lists;
        if (!stored) {
            lists.emplace(n_, list_width());
            renew = [&](std::span<const std::uint32_t> firms,
                        std::span<const std::int64_t> prices) {
                write_best(firms, prices, *lists, rows, control);
            };
        }
        RowAuction::Answer answer =
            RowAuction(rows, limits_without_pins(), std::move(renew)).run(last, control);
        if (limits_.pinned.empty()) return answer;
        std::vector<Pair> all;
        all.reserve(answer.pairs.size() + limits_.pinned.size());
        std::merge(answer.pairs.begin(), answer.pairs.end(), limits_.pinned.begin(),
                   limits_.pinned.end(), std::back_inserter(all));
        answer.pairs = std::move(all);
        return answer;
    }

  private:
    [[nodiscard]] bool pinned(std::size_t i, AdviserId j) const {
        for (std::size_t k = pin_begin_[i]; k < pin_begin_[i + 1]; ++k) {
            if (limits_.pinned[k].adviser == j) return true;
        }
        return false;
    }

    [[nodiscard]] PackedRows stored_rows(const StoredRows& rows) const {
        double most = 0;
        for (const double value : rows.value) most = std::max(most, std::fabs(value));
        PackedRows packed(n_, rows.value.size(), clamped_units(most));
        for (std::size_t i = 0; i < n_; ++i) {
            for (auto e = static_cast<std::size_t>(rows.begin[i]);
                 e < static_cast<std::size_t>(rows.begin[i + 1]); ++e) {
                const AdviserId j(rows.column[e]);
                if (!pinned(i, j)) packed.add(j, units_.of(FirmId(i), j, rows.value[e]));
            }
            packed.end_row();
        }
        return packed;
    }

    // ---- rows of a source that stores none: each firm's best pairs at the prices ----

    [[nodiscard]] std::size_t widest_demand() const {
        return std::min(static_cast<std::size_t>(limits_.most_demand()),
                        std::max<std::size_t>(m_, 1));
    }
    [[nodiscard]] std::size_t list_width() const {
        return std::clamp<std::size_t>(std::max(candidates_, 2 * widest_demand()), 1,
                                       std::max<std::size_t>(m_, 1));
    }
    /// A row has room for a list, and for the pairs that the firm holds.
    [[nodiscard]] PackedRows empty_rows() const {
        return PackedRows::renewable(n_, list_width() + widest_demand(),
                                     clamped_units(source_.utility_size()));
    }

    void write_best(std::span<const std::uint32_t> firms, std::span<const std::int64_t> prices,
                    CandidateLists& lists, PackedRows& rows, const Control& control) const {
        std::vector<double> real(m_);
        for (std::size_t j = 0; j < m_; ++j)
            real[j] = static_cast<double>(prices[j]) * units_.unit();
        std::vector<FirmId> may, must;  // stay out
        for (const std::uint32_t i : firms)
            (limits_.min_demand_of(FirmId(i)) > 0 ? must : may).emplace_back(i);
        source_.best_spread(may, real, lists, threads_, control, 0);
        source_.best_spread(must, real, lists, threads_, control);
        if (control.stop()) return;
        parallel_chunks(firms.size(), 1024, threads_, [&](std::size_t begin, std::size_t end) {
            for (std::size_t k = begin; k < end; ++k) {
                const std::size_t i = firms[k];
                rows.clear(i);
                // A firm bids at least once before it leaves a row, however values are rounded.
                const double others = lists.outside(FirmId(i));
                std::int64_t outside = others == -HUGE_VAL
                                           ? std::numeric_limits<std::int64_t>::min()
                                           : clamped_units(others);
                for (const Candidate& c : lists.of(FirmId(i))) {
                    if (pinned(i, c.adviser)) continue;
                    // Single precision will do: nothing is proven here.
                    const std::int64_t value = clamped_units(static_cast<double>(c.value));
                    outside = std::min(outside, value - prices[c.adviser]);
                    rows.write(i, c.adviser, value);
                }
                rows.set_outside(i, outside);
            }
        });
    }

    /// Larger values are refused where they are rounded for the exact mode.
    [[nodiscard]] std::int64_t clamped_units(double value) const {
        const double most = 0x1p41 * units_.unit();
        return to_units(std::clamp(value, -most, most), units_.unit());
    }

    [[nodiscard]] RowAuction::Limits limits_without_pins() const {
        RowAuction::Limits out;
        out.capacity = limits_.capacity;
        for (std::size_t j = 0; j < m_; ++j)
            out.min_load.push_back(limits_.min_load_of(AdviserId(j)));
        for (std::size_t i = 0; i < n_; ++i) {
            const auto own = static_cast<std::int32_t>(pin_begin_[i + 1] - pin_begin_[i]);
            out.demand.push_back(limits_.demand_of(FirmId(i)) - own);
            out.min_demand.push_back(std::max(0, limits_.min_demand_of(FirmId(i)) - own));
        }
        for (const Pair& p : limits_.pinned) {
            --out.capacity[p.adviser];
            out.min_load[p.adviser] = std::max<std::int64_t>(0, out.min_load[p.adviser] - 1);
        }
        return out;
    }

    const PairSource& source_;
    const AssignmentLimits& limits_;
    WholeUnits units_;
    std::size_t candidates_;
    unsigned threads_;
    std::size_t n_, m_;
    std::vector<std::size_t> pin_begin_;
};

}  // namespace libmatch
