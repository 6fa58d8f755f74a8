// Where the exact mode begins: prices and pairs from an auction in whole units.
//
// Problem: the exact mode wants prices near the optimal ones, for every kind of limit. Method: rows
// of pairs in whole units, all of them where the source holds them in rows, else each firm's best
// candidates; pins are taken out of rows and limits; RowAuction does the rest. Complexity: one pass
// over the rows, and the auction. Deterministic for any number of threads.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include <libmatch/assign/certify.hpp>
#include <libmatch/assign/row_auction.hpp>
#include <libmatch/assign/units.hpp>
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

    [[nodiscard]] RowAuction::Answer run(Control& control) const {
        const PackedRows rows = source_.stored() ? stored_rows(*source_.stored()) : listed_rows();
        RowAuction::Answer answer;
        if (control.stop()) {
            answer.prices.assign(m_, 0);
        } else {
            answer = RowAuction(rows, limits_without_pins()).run(control);
        }
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
        PackedRows packed(n_, rows.value.size(), most_units(most));
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

    [[nodiscard]] PackedRows listed_rows() const {
        std::size_t width = candidates_;
        for (const std::int32_t d : limits_.demand)
            width = std::max(width, 2 * static_cast<std::size_t>(d));
        CandidateLists lists(n_, std::min(width, std::max<std::size_t>(m_, 1)));
        const std::vector<double> free(m_, 0.0);
        const Control never_stop;
        source_.best(detail::all_firms(n_), free, lists, threads_, never_stop);
        double most = 0;
        std::size_t pairs = 0;
        for (std::size_t i = 0; i < n_; ++i) {
            pairs += lists.of(FirmId(i)).size();
            // In full: single precision may have lost the value, and rows would not fit.
            for (const Candidate& c : lists.of(FirmId(i)))
                most = std::max(most, std::fabs(source_.utility(FirmId(i), c.adviser)));
        }
        PackedRows packed(n_, pairs, most_units(most));
        for (std::size_t i = 0; i < n_; ++i) {
            for (const Candidate& c : lists.of(FirmId(i))) {
                const FirmId firm(i);
                if (pinned(i, c.adviser)) continue;
                packed.add(c.adviser, units_.of(firm, c.adviser, source_.utility(firm, c.adviser)));
            }
            packed.end_row();
        }
        return packed;
    }

    /// Larger values than this are refused when they are rounded.
    [[nodiscard]] std::int64_t most_units(double most) const {
        return to_units(std::min(most, 0x1p41 * units_.unit()), units_.unit());
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
