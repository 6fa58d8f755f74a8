// Pairs of another source, with the hours that each of them takes.
//
// The function is asked for eligible pairs only, and once for each. Complexity: that of the other
// source, plus the function.
#pragma once

#include <functional>
#include <utility>

#include <libmatch/retrieve/source.hpp>

namespace libmatch {

/// The other source must outlive this one.
class HoursSource final : public PairSource {
  public:
    using Hours = std::function<double(FirmId, AdviserId)>;
    HoursSource(const PairSource& pairs, Hours hours) : pairs_(pairs), hours_(std::move(hours)) {}

    [[nodiscard]] std::size_t firms() const override { return pairs_.firms(); }
    [[nodiscard]] std::size_t advisers() const override { return pairs_.advisers(); }
    [[nodiscard]] bool eligible(FirmId i, AdviserId j) const override {
        return pairs_.eligible(i, j);
    }
    [[nodiscard]] double utility(FirmId i, AdviserId j) const override {
        return pairs_.utility(i, j);
    }
    [[nodiscard]] double utility_limit() const override { return pairs_.utility_limit(); }
    [[nodiscard]] double utility_size() const override { return pairs_.utility_size(); }
    [[nodiscard]] double load(FirmId i, AdviserId j) const override { return hours_(i, j); }
    [[nodiscard]] std::string reason(FirmId i, AdviserId j) const override {
        return pairs_.reason(i, j);
    }
    void best(std::span<const FirmId> who, std::span<const double> prices, CandidateLists& lists,
              unsigned threads, const Control& control, double least = -HUGE_VAL) const override {
        pairs_.best(who, prices, lists, threads, control, least);
    }
    [[nodiscard]] std::vector<ValuedPair> above(std::span<const FirmId> who,
                                                std::span<const double> prices,
                                                std::span<const double> threshold, unsigned threads,
                                                const Control& control) const override {
        return pairs_.above(who, prices, threshold, threads, control);
    }

  private:
    const PairSource& pairs_;
    Hours hours_;
};

}  // namespace libmatch
