// Prices of budgets from the answers that groups of firms gave to earlier prices.
//
// Problem: max sum_k v_k z_k; per scheme sum_k u_sk z_k <= B_s; per group of firms
// sum of its z_k <= 1; z >= 0. A column is what one group takes of each budget at some prices. The
// duals of the budget rows are the next prices to ask about.
//
// Method: primal simplex from the slack basis with a dense inverse; right-hand sides carry small
// distinct shifts, so ties do not cycle. Columns are added between calls and the basis stays.
// Nothing rests on its digits: prices of any kind prove a bound (fund/grants.hpp).
//
// Complexity: O(rows^2) per pivot, a hundred rows at most. Deterministic. Source: G. B. Dantzig, P.
// Wolfe, "Decomposition principle for linear programs", Operations Research 8, 1960.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include <Eigen/LU>

namespace libmatch::detail {

class PriceMaster {
  public:
    /// `budgets`: all positive and finite.
    PriceMaster(std::vector<double> budgets, std::size_t groups)
        : budgets_(std::move(budgets)), rows_(budgets_.size() + groups) {
        const auto m = static_cast<Eigen::Index>(rows_);
        inverse_ = Eigen::MatrixXd::Identity(m, m);
        right_ = Eigen::VectorXd::Ones(m);
        for (Eigen::Index r = 0; r < m; ++r)
            right_(r) += 1e-9 * static_cast<double>((7 * r + 3) % m + 1) / static_cast<double>(m);
        level_ = right_;
        basic_.assign(rows_, slack);
        for (Eigen::Index r = 0; r < m; ++r) slack_row_.push_back(r);
    }

    /// `used`: by budget.
    void add(std::size_t group, double value, const std::vector<double>& used) {
        Eigen::VectorXd column = Eigen::VectorXd::Zero(static_cast<Eigen::Index>(rows_));
        for (std::size_t s = 0; s < used.size(); ++s)
            column(static_cast<Eigen::Index>(s)) = used[s] / budgets_[s];
        column(static_cast<Eigen::Index>(budgets_.size() + group)) = 1;
        columns_.push_back(std::move(column));
        value_.push_back(value);
    }

    /// The prices of the budgets for the columns at hand.
    std::vector<double> prices() {
        solve();
        std::vector<double> out(budgets_.size());
        for (std::size_t s = 0; s < out.size(); ++s)
            out[s] = std::max(0.0, dual_(static_cast<Eigen::Index>(s)) / budgets_[s]);
        return out;
    }

    /// What the best shares of the columns at hand are worth.
    [[nodiscard]] double value() const {
        double sum = 0;
        for (std::size_t r = 0; r < rows_; ++r)
            sum += value_of(basic_[r]) * level_(static_cast<Eigen::Index>(r));
        return sum;
    }

    /// The columns in use, as (position in order of adding, share).
    [[nodiscard]] std::vector<std::pair<std::size_t, double>> shares() const {
        std::vector<std::pair<std::size_t, double>> out;
        for (std::size_t r = 0; r < rows_; ++r) {
            if (basic_[r] != slack && level_(static_cast<Eigen::Index>(r)) > 1e-7)
                out.emplace_back(basic_[r], level_(static_cast<Eigen::Index>(r)));
        }
        std::sort(out.begin(), out.end());
        return out;
    }

  private:
    static constexpr std::size_t slack = static_cast<std::size_t>(-1);

    [[nodiscard]] double value_of(std::size_t column) const {
        return column == slack ? 0.0 : value_[column];
    }
    void price() {
        Eigen::VectorXd values(static_cast<Eigen::Index>(rows_));
        for (std::size_t r = 0; r < rows_; ++r)
            values(static_cast<Eigen::Index>(r)) = value_of(basic_[r]);
        dual_ = inverse_.transpose() * values;
    }

    void solve() {
        double scale = 0;
        for (const double v : value_) scale = std::max(scale, std::fabs(v));
        const int most_pivots = 200 + 20 * static_cast<int>(rows_);
        for (int pivot = 0;; ++pivot) {
            if (pivot % 50 == 0) refresh();
            price();
            if (pivot == most_pivots) return;
            double gain = 1e-11 * scale;
            std::size_t enters = slack;
            for (std::size_t k = 0; k < columns_.size(); ++k) {
                const double reduced = value_[k] - dual_.dot(columns_[k]);
                if (reduced > gain) {
                    gain = reduced;
                    enters = k;
                }
            }
            // A slack of its own row comes back where the dual is negative.
            Eigen::Index back = -1;
            for (Eigen::Index r = 0; r < dual_.size(); ++r) {
                if (-dual_(r) > gain) {
                    gain = -dual_(r);
                    back = r;
                }
            }
            if (enters == slack && back < 0) return;
            const Eigen::VectorXd step = back >= 0 ? Eigen::VectorXd(inverse_.col(back))
                                                   : Eigen::VectorXd(inverse_ * columns_[enters]);
            Eigen::Index leaves = -1;
            double most = HUGE_VAL;
            for (Eigen::Index r = 0; r < step.size(); ++r) {
                if (step(r) > 1e-9 && level_(r) / step(r) < most) {
                    most = level_(r) / step(r);
                    leaves = r;
                }
            }
            if (leaves < 0) return;
            exchange(leaves, back >= 0 ? slack : enters, back, step, most);
        }
    }

    void exchange(Eigen::Index leaves, std::size_t enters, Eigen::Index back,
                  const Eigen::VectorXd& step, double length) {
        level_ -= length * step;
        level_(leaves) = length;
        const Eigen::RowVectorXd row = inverse_.row(leaves) / step(leaves);
        for (Eigen::Index r = 0; r < step.size(); ++r) {
            if (r != leaves && step(r) != 0) inverse_.row(r) -= step(r) * row;
        }
        inverse_.row(leaves) = row;
        basic_[static_cast<std::size_t>(leaves)] = enters;
        slack_row_[static_cast<std::size_t>(leaves)] = back;
    }

    /// Makes the inverse again from its columns, so that rounding does not pile up.
    void refresh() {
        const auto m = static_cast<Eigen::Index>(rows_);
        Eigen::MatrixXd basis(m, m);
        for (std::size_t r = 0; r < rows_; ++r) {
            basis.col(static_cast<Eigen::Index>(r)) =
                basic_[r] == slack ? Eigen::VectorXd(Eigen::VectorXd::Unit(m, slack_row_[r]))
                                   : columns_[basic_[r]];
        }
        inverse_ = basis.partialPivLu().inverse();
        level_ = inverse_ * right_;
    }

    std::vector<double> budgets_;
    std::size_t rows_;
    Eigen::MatrixXd inverse_;
    Eigen::VectorXd right_, level_, dual_;
    std::vector<std::size_t> basic_;       ///< column in the basis at each row
    std::vector<Eigen::Index> slack_row_;  ///< whose slack it is, where it is a slack
    std::vector<Eigen::VectorXd> columns_;
    std::vector<double> value_;
};

}  // namespace libmatch::detail
