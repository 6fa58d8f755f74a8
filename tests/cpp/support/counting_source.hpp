// A source that passes every question on to another one, and counts.
#pragma once

#include <atomic>
#include <cstddef>
#include <span>
#include <vector>

#include <libmatch/retrieve/source.hpp>

namespace libmatch {

/// Counts the firms that are asked about, in any way: what each of them costs is at most a row.
class CountingSource final : public PairSource {
  public:
    explicit CountingSource(const PairSource& pairs) : pairs_(pairs) {}
    [[nodiscard]] std::size_t asked() const { return asked_; }

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
    [[nodiscard]] double rough_error_of(FirmId i) const override {
        return pairs_.rough_error_of(i);
    }
    void best(std::span<const FirmId> who, std::span<const double> prices, CandidateLists& lists,
              unsigned threads, const Control& control, double least) const override {
        asked_ += who.size();
        pairs_.best(who, prices, lists, threads, control, least);
    }
    void best_spread(std::span<const FirmId> who, std::span<const double> prices,
                     CandidateLists& lists, unsigned threads, const Control& control,
                     double least) const override {
        asked_ += who.size();
        pairs_.best_spread(who, prices, lists, threads, control, least);
    }
    [[nodiscard]] std::vector<ValuedPair> above(std::span<const FirmId> who,
                                                std::span<const double> prices,
                                                std::span<const double> threshold, unsigned threads,
                                                const Control& control) const override {
        asked_ += who.size();
        return pairs_.above(who, prices, threshold, threads, control);
    }

  private:
    const PairSource& pairs_;
    mutable std::atomic<std::size_t> asked_{0};
};

}  // namespace libmatch
