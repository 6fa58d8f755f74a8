// The relaxed set-packing problem over the columns at hand, solved roughly for any number of firms.
//
// Problem: max c x, sum of x over the columns of each firm <= 1, over those of each site of limited
// sessions <= its sessions, x >= 0; its duals are the prices of firms and sites.
//
// Method: primal-dual hybrid gradient with diagonal steps, restarted from the average of its
// iterates. Prices are near-optimal and near-feasible only: they are repaired before they prove
// anything.
//
// Complexity: O(members of all columns) per step. Serial, hence deterministic.
//
// Source: T. Pock, A. Chambolle, "Diagonal preconditioning for first order primal-dual algorithms",
// ICCV 2011; D. Applegate et al., "Practical large-scale linear programming using primal-dual
// hybrid gradient", NeurIPS 2021.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include <libmatch/core/control.hpp>
#include <libmatch/pool/master_rows.hpp>

namespace libmatch::detail {

class FirstOrderMaster {
  public:
    FirstOrderMaster(MasterRows rows, const Columns& columns)
        : n_(rows.room.size()), master_(std::move(rows)), columns_(&columns), price_(n_, 0) {}

    void set_steps(int steps) { steps_ = steps; }

    /// Start from these prices (by row).
    void start_at(std::vector<double> prices) { price_ = std::move(prices); }

    /// Improves the prices by a fixed number of steps; false if stopped first.
    bool solve(const Control& control) {
        build();
        const std::size_t m = columns_->size();
        share_.resize(m, 0);
        std::vector<double> x = share_, y = price_, x_sum(m, 0), y_sum(n_, 0), load(n_);
        int in_average = 0;
        for (int step = 0; step < steps_; ++step) {
            if ((step & 7) == 0 && control.stop()) return false;
            std::fill(load.begin(), load.end(), 0);
            for (std::size_t g = 0; g < m; ++g) {
                double gain = columns_->value(g);
                const std::size_t begin = begin_[g], end = begin_[g + 1];
                for (std::size_t p = begin; p < end; ++p) gain -= y[rows_[p]];
                const double next =
                    std::max(0.0, x[g] + gain / (static_cast<double>(end - begin) * balance));
                const double ahead = 2 * next - x[g];
                x[g] = next;
                x_sum[g] += next;
                if (ahead != 0) {
                    for (std::size_t p = begin; p < end; ++p) load[rows_[p]] += ahead;
                }
            }
            for (std::size_t r = 0; r < n_; ++r) {
                y[r] = std::max(0.0, y[r] + balance * (load[r] - master_.room[r]) * row_step_[r]);
                y_sum[r] += y[r];
            }
            if (++in_average == restart || step + 1 == steps_) {
                const double scale = 1.0 / in_average;
                for (std::size_t g = 0; g < m; ++g) {
                    x[g] = x_sum[g] * scale;
                    x_sum[g] = 0;
                }
                for (std::size_t r = 0; r < n_; ++r) {
                    y[r] = y_sum[r] * scale;
                    y_sum[r] = 0;
                }
                in_average = 0;
            }
        }
        share_ = std::move(x);
        price_ = std::move(y);
        return true;
    }

    [[nodiscard]] const std::vector<double>& prices() const { return price_; }

    template <class Visit>
    void each_share(const Visit& visit) const {
        for (std::uint32_t g = 0; g < share_.size(); ++g) {
            if (share_[g] > 1e-4) visit(g, std::min(1.0, share_[g]));
        }
    }

    /// Forgets the shares of columns for which keep(g) is false; to be called with the same test as
    /// Columns::filter.
    template <class Keep>
    void filter(const Keep& keep) {
        std::vector<double> kept;
        for (std::size_t g = 0; g < share_.size(); ++g) {
            if (keep(g)) kept.push_back(share_[g]);
        }
        share_ = std::move(kept);
    }

    [[nodiscard]] double share(std::size_t g) const { return g < share_.size() ? share_[g] : 0; }

  private:
    static constexpr double balance = 0.5;  ///< price units per unit of load
    static constexpr int restart = 40;      ///< steps between restarts from the average

    void build() {
        begin_.assign(1, 0);
        rows_.clear();
        row_step_.assign(n_, 0);
        for (std::size_t g = 0; g < columns_->size(); ++g) {
            master_.each_row(*columns_, g, [&](std::uint32_t r) {
                rows_.push_back(r);
                row_step_[r] += 1;
            });
            begin_.push_back(rows_.size());
        }
        for (double& s : row_step_) s = s > 0 ? 1 / s : 1;
    }

    std::size_t n_;
    MasterRows master_;
    const Columns* columns_;
    int steps_ = 80;
    std::vector<std::size_t> begin_;
    std::vector<std::uint32_t> rows_;
    std::vector<double> row_step_, share_, price_;
};

}  // namespace libmatch::detail
