// The relaxed set-packing problem over the columns at hand, solved exactly for a few hundred firms.
//
// Problem: max c x, sum of x over the columns of each firm <= 1, over those of each site of limited
// sessions <= its sessions, x >= 0; its duals are the prices of firms and sites.
//
// Method: primal simplex from the slack basis with a dense inverse of the basis; the right-hand
// sides carry small distinct shifts, so ties do not cycle. Columns may be added, forbidden or
// forced between calls, the basis stays: a forbidden one that is basic costs so much that it
// leaves.
//
// Complexity: O(n^2) per pivot for n firms. Deterministic.
//
// Source: G. B. Dantzig, "Linear Programming and Extensions", 1963, with the perturbation of A.
// Charnes, 1952.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include <libmatch/core/control.hpp>
#include <libmatch/core/random.hpp>
#include <libmatch/pool/master_rows.hpp>

namespace libmatch::detail {

class SimplexMaster {
  public:
    SimplexMaster(MasterRows rows, const Columns& columns)
        : n_(rows.room.size()),
          rows_(std::move(rows)),
          columns_(&columns),
          inverse_(n_ * n_, 0),
          basic_(n_, slack),
          level_(n_),
          price_(n_, 0) {
        Random random(17);
        for (std::size_t r = 0; r < n_; ++r) {
            inverse_[r * n_ + r] = 1;
            level_[r] = rows_.room[r] + 1e-7 * (0.5 + random.uniform());
        }
    }

    /// The slack basis is the start; prices are not used. For the same calls as FirstOrderMaster.
    void start_at(const std::vector<double>&) {}

    /// Pivots until no column at hand improves; false if stopped first.
    bool solve(const Control& control) {
        std::vector<double> direction(n_);
        for (; seen_ < columns_->size(); ++seen_) {
            open_.push_back(static_cast<std::uint32_t>(seen_));
            extra_.push_back(0);
            most_value_ = std::max(most_value_, std::fabs(columns_->value(seen_)));
            rows_.each_row(*columns_, seen_, [&](std::uint32_t r) { row_.push_back(r); });
            row_begin_.push_back(row_.size());
            most_rows_ = std::max(most_rows_, rows_of(seen_).size() + 1);
        }
        find_prices();
        for (;;) {
            std::uint32_t entering = slack;
            double best = 1e-9;
            bool enters_slack = false;
            for (const std::uint32_t g : open_) {
                const double gain = reduced_value(g);
                if (gain > best) {
                    best = gain;
                    entering = g;
                }
            }
            for (std::uint32_t r = 0; r < n_; ++r) {
                if (-price_[r] > best) {
                    best = -price_[r];
                    entering = r;
                    enters_slack = true;
                }
            }
            if (entering == slack) return true;
            if ((++pivots_ & 15) == 0 && control.stop()) return false;
            std::fill(direction.begin(), direction.end(), 0);
            const auto add = [&](std::size_t row) {
                for (std::size_t r = 0; r < n_; ++r) direction[r] += inverse_[r * n_ + row];
            };
            if (enters_slack) {
                add(entering);
            } else {
                for (const std::uint32_t r : rows_of(entering)) add(r);
            }
            std::size_t leaving = n_;
            for (std::size_t r = 0; r < n_; ++r) {
                if (direction[r] > 1e-9 && (leaving == n_ || level_[r] * direction[leaving] <
                                                                 level_[leaving] * direction[r])) {
                    leaving = r;
                }
            }
            if (leaving == n_) return true;  // cannot happen: every column has a member
            pivot(leaving, direction);
            basic_[leaving] = enters_slack ? slack : entering;
            if (pivots_ % 256 == 0) {
                find_prices();
            } else {
                for (std::size_t k = 0; k < n_; ++k) price_[k] += best * inverse_[leaving * n_ + k];
            }
        }
    }

    /// Forbids the columns for which keep(g) does not hold.
    template <class Keep>
    void restrict_to(const Keep& keep) {
        std::erase_if(open_, [&](std::uint32_t g) { return !keep(g); });
        for (const std::uint32_t g : basic_) {
            if (g != slack && !std::binary_search(open_.begin(), open_.end(), g))
                extra_[g] = -much();
        }
    }

    /// Makes a column worth `much` more, so that the optimum holds it as a whole.
    void force(std::uint32_t g) { extra_[g] += much(); }

    /// More than all columns together, of those that solve() has met, that share a row with one.
    [[nodiscard]] double much() const {
        return 2 * most_value_ * static_cast<double>(most_rows_ + 1);
    }

    /// A column's value, with what forbids or forces it, less the prices of its rows.
    [[nodiscard]] double reduced_value(std::uint32_t g) const {
        double reduced = value(g);
        for (const std::uint32_t r : rows_of(g)) reduced -= price_[r];
        return reduced;
    }

    /// Price of each row; at least 0 up to rounding.
    [[nodiscard]] const std::vector<double>& prices() const { return price_; }

    /// Columns with their shares in the optimum, above a small threshold.
    template <class Visit>
    void each_share(const Visit& visit) const {
        for (std::size_t r = 0; r < n_; ++r) {
            if (basic_[r] != slack && level_[r] > 1e-5) visit(basic_[r], std::min(1.0, level_[r]));
        }
    }

  private:
    static constexpr std::uint32_t slack = Board::none;

    [[nodiscard]] double value(std::uint32_t g) const { return columns_->value(g) + extra_[g]; }

    [[nodiscard]] std::span<const std::uint32_t> rows_of(std::size_t g) const {
        return {row_.data() + row_begin_[g], row_begin_[g + 1] - row_begin_[g]};
    }

    void find_prices() {
        std::fill(price_.begin(), price_.end(), 0);
        for (std::size_t r = 0; r < n_; ++r) {
            if (basic_[r] == slack) continue;
            const double c = value(basic_[r]);
            const double* row = inverse_.data() + r * n_;
            for (std::size_t k = 0; k < n_; ++k) price_[k] += c * row[k];
        }
    }

    void pivot(std::size_t leaving, const std::vector<double>& direction) {
        double* pivot_row = inverse_.data() + leaving * n_;
        const double scale = 1 / direction[leaving];
        filled_.clear();
        for (std::uint32_t k = 0; k < n_; ++k) {
            pivot_row[k] *= scale;
            if (pivot_row[k] != 0) filled_.push_back(k);
        }
        const bool dense = 4 * filled_.size() > n_;
        level_[leaving] *= scale;
        for (std::size_t r = 0; r < n_; ++r) {
            const double by = direction[r];
            if (r == leaving || by == 0) continue;
            double* row = inverse_.data() + r * n_;
            if (dense) {
                for (std::size_t k = 0; k < n_; ++k) row[k] -= by * pivot_row[k];
            } else {
                for (const std::uint32_t k : filled_) row[k] -= by * pivot_row[k];
            }
            level_[r] = std::max(0.0, level_[r] - by * level_[leaving]);
        }
    }

    std::size_t n_;
    MasterRows rows_;
    const Columns* columns_;
    std::vector<double> inverse_;
    std::vector<std::uint32_t> basic_;  ///< column in each basic place; slack = a slack
    std::vector<double> level_, price_;
    std::vector<std::size_t> row_begin_{0};
    std::vector<std::uint32_t> row_;     ///< of each column
    std::vector<std::uint32_t> filled_;  ///< of the pivot's row
    std::vector<std::uint32_t> open_;    ///< columns that may enter; rising
    std::vector<double> extra_;          ///< on the value of each column
    std::size_t seen_ = 0;               ///< columns met so far
    double most_value_ = 1;              ///< of them, in size
    std::size_t most_rows_ = 1;          ///< of one of them
    std::uint64_t pivots_ = 0;
};

}  // namespace libmatch::detail
