// What one firm adds to the dual value: its pins, and the best of its other pairs as demand allows.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <vector>

#include <libmatch/model/assignment.hpp>

namespace libmatch::check {

/// A figure in the certificate's numbers: whole units, or itself when there is no unit.
[[nodiscard]] inline double in_unit(double x, double unit) {
    return unit > 0 ? static_cast<double>(std::llround(x / unit)) : x;
}

/// Takes net values one by one and keeps the best: as many as the minimum demand forces, and beyond
/// that those above 0, up to the demand.
class Choice {
  public:
    Choice(const AssignmentLimits& limits, FirmId i, std::size_t pins)
        : room_(
              static_cast<std::size_t>(std::max(0, limits.demand_of(i) - static_cast<int>(pins)))),
          forced_(static_cast<std::size_t>(
              std::max(0, limits.min_demand_of(i) - static_cast<int>(pins)))) {}

    void pin(double net) { pinned_ += net; }
    [[nodiscard]] bool open() const { return room_ > 0; }
    void offer(double net) {
        if (best_.size() == room_) {
            if (net <= best_.front()) return;
            std::pop_heap(best_.begin(), best_.end(), std::greater<>());
            best_.pop_back();
        }
        best_.push_back(net);
        std::push_heap(best_.begin(), best_.end(), std::greater<>());
    }
    /// A net value that is not above this changes nothing any more.
    [[nodiscard]] double least() const {
        const double last = best_.size() == room_ ? best_.front() : -HUGE_VAL;
        return forced_ == room_ ? last : forced_ > 0 ? std::min(last, 0.0) : std::max(last, 0.0);
    }
    [[nodiscard]] double value() const {
        std::vector<double> nets = best_;
        std::sort(nets.begin(), nets.end(), std::greater<>());
        double total = pinned_;
        for (std::size_t k = 0; k < nets.size(); ++k) {
            if (nets[k] <= 0 && k >= forced_) break;
            total += nets[k];
        }
        return total;
    }

  private:
    std::size_t room_, forced_;
    double pinned_ = 0;
    std::vector<double> best_;  ///< a heap, the least on top
};

}  // namespace libmatch::check
