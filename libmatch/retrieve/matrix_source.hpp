// Pairs that the user gives: a dense matrix, or a sparse one in compressed rows.
//
// Dense: -inf = not eligible. Sparse: stored entries (zeros too) are the eligible pairs.
// Complexity: O(entries of the firm) per firm and question, plus the upkeep of its list.
#pragma once

#include <Eigen/Core>

#include <libmatch/retrieve/row_scan.hpp>
#include <libmatch/retrieve/source.hpp>

namespace libmatch {

/// An n x m matrix of utilities; one that is viewed must outlive the source.
class DenseSource final : public PairSource {
  public:
    using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    /// A row-major matrix, or a map of one, is viewed; anything else is copied, so that no view is
    /// left without its numbers.
    template <class Derived>
    explicit DenseSource(const Eigen::DenseBase<Derived>& utility) : utility_(utility.derived()) {}

    [[nodiscard]] std::size_t firms() const override {
        return static_cast<std::size_t>(utility_.rows());
    }
    [[nodiscard]] std::size_t advisers() const override {
        return static_cast<std::size_t>(utility_.cols());
    }
    [[nodiscard]] bool eligible(FirmId i, AdviserId j) const override {
        return utility(i, j) != -HUGE_VAL;
    }
    [[nodiscard]] double utility(FirmId i, AdviserId j) const override {
        return utility_(static_cast<Eigen::Index>(i.value), static_cast<Eigen::Index>(j.value));
    }
    [[nodiscard]] double utility_limit() const override {
        return utility_.size() > 0 ? utility_.maxCoeff() : -HUGE_VAL;
    }
    [[nodiscard]] double utility_size() const override {
        double most = 0;
        for (Eigen::Index i = 0; utility_.cols() > 0 && i < utility_.rows(); ++i) {
            const auto row = utility_.row(i).array();
            most = std::max(most, (row == -HUGE_VAL).select(0, row).abs().maxCoeff());
        }
        return most;
    }
    void best(std::span<const FirmId> who, std::span<const double> prices, CandidateLists& lists,
              unsigned threads, const Control& control, double least = -HUGE_VAL) const override {
        detail::best_by_scan(who, prices, lists, threads, control, least,
                             [&](FirmId i, auto& keep) { scan(i, prices, keep); });
    }
    void best_spread(std::span<const FirmId> who, std::span<const double> prices,
                     CandidateLists& lists, unsigned threads, const Control& control,
                     double least = -HUGE_VAL) const override {
        detail::spread_by_scan(who, prices, lists, advisers(), threads, control, least,
                               [&](FirmId i, auto& keep) { scan(i, prices, keep); });
    }
    [[nodiscard]] std::vector<ValuedPair> above(std::span<const FirmId> who,
                                                std::span<const double> prices,
                                                std::span<const double> threshold, unsigned threads,
                                                const Control& control) const override {
        return detail::above_by_scan(who, threshold, threads, control,
                                     [&](FirmId i, auto& keep) { scan(i, prices, keep); });
    }

  private:
    template <class Keep>
    void scan(FirmId i, std::span<const double> prices, Keep& keep) const {
        const double* row =
            utility_.data() + static_cast<Eigen::Index>(i.value) * utility_.outerStride();
        detail::RowScan::run(row, prices.data(), advisers(), keep);
    }
    Eigen::Ref<const Matrix> utility_;
};

/// A view of a matrix in compressed rows; columns of a row are ascending and distinct.
class SparseSource final : public PairSource {
  public:
    SparseSource(std::size_t advisers, std::span<const std::int64_t> row_begin,
                 std::span<const std::uint32_t> column, std::span<const double> value)
        : advisers_(advisers), row_begin_(row_begin), column_(column), value_(value) {}

    [[nodiscard]] std::size_t firms() const override { return row_begin_.size() - 1; }
    [[nodiscard]] std::size_t advisers() const override { return advisers_; }
    [[nodiscard]] bool eligible(FirmId i, AdviserId j) const override { return find(i, j) >= 0; }
    [[nodiscard]] double utility(FirmId i, AdviserId j) const override {
        return value_[static_cast<std::size_t>(find(i, j))];
    }
    [[nodiscard]] double utility_limit() const override {
        return value_.empty() ? -HUGE_VAL : *std::max_element(value_.begin(), value_.end());
    }
    [[nodiscard]] double utility_size() const override {
        double most = 0;
        for (const double value : value_) most = std::max(most, std::fabs(value));
        return most;
    }
    [[nodiscard]] std::optional<StoredRows> stored() const override {
        return StoredRows{row_begin_, column_, value_};
    }
    void best(std::span<const FirmId> who, std::span<const double> prices, CandidateLists& lists,
              unsigned threads, const Control& control, double least = -HUGE_VAL) const override {
        detail::best_by_scan(who, prices, lists, threads, control, least,
                             [&](FirmId i, auto& keep) { scan(i, prices, keep); });
    }
    void best_spread(std::span<const FirmId> who, std::span<const double> prices,
                     CandidateLists& lists, unsigned threads, const Control& control,
                     double least = -HUGE_VAL) const override {
        detail::spread_by_scan(who, prices, lists, advisers(), threads, control, least,
                               [&](FirmId i, auto& keep) { scan(i, prices, keep); });
    }
    [[nodiscard]] std::vector<ValuedPair> above(std::span<const FirmId> who,
                                                std::span<const double> prices,
                                                std::span<const double> threshold, unsigned threads,
                                                const Control& control) const override {
        return detail::above_by_scan(who, threshold, threads, control,
                                     [&](FirmId i, auto& keep) { scan(i, prices, keep); });
    }

  private:
    [[nodiscard]] std::int64_t find(FirmId i, AdviserId j) const {
        const auto begin = column_.begin() + row_begin_[i],
                   end = column_.begin() + row_begin_[i + 1];
        const auto at = std::lower_bound(begin, end, j.value);
        return at != end && *at == j.value ? at - column_.begin() : -1;
    }
    template <class Keep>
    void scan(FirmId i, std::span<const double> prices, Keep& keep) const {
        for (auto e = static_cast<std::size_t>(row_begin_[i]);
             e < static_cast<std::size_t>(row_begin_[i + 1]); ++e) {
            const double net = value_[e] - prices[column_[e]];
            if (net >= keep.floor()) {
                keep.offer(AdviserId(column_[e]), value_[e], net);
            } else {
                keep.skipped();
            }
        }
    }
    std::size_t advisers_;
    std::span<const std::int64_t> row_begin_;
    std::span<const std::uint32_t> column_;
    std::span<const double> value_;
};

}  // namespace libmatch
