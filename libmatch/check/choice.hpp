// What one firm adds to the dual value: its pins, and the best of its other pairs as demand allows.
//
// Net values are pairs of doubles, so that no difference is rounded; the judge compares and adds
// them exactly.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <vector>

#include <libmatch/core/exact_sum.hpp>
#include <libmatch/model/assignment.hpp>

namespace libmatch::check {

/// A figure in the certificate's numbers: whole units, or itself when there is no unit.
[[nodiscard]] inline double in_unit(double x, double unit) {
    return unit > 0 ? std::round(x / unit) : x;
}

/// u - p as far as two doubles hold it; exactly where p is one double.
[[nodiscard]] inline TwoDoubles net_value(double u, TwoDoubles p) {
    TwoDoubles net = exact_difference(u, p.high);
    if (p.low == 0) return net;
    net.low -= p.low;
    return exact_difference(net.high, -net.low);
}

/// u - p h as far as two doubles hold it, from below; exactly u - p for h = 1.
[[nodiscard]] inline TwoDoubles net_value(double u, double p, double h) {
    if (h == 1) return exact_difference(u, p);
    const double cost = p * h;
    TwoDoubles net = exact_difference(u, cost);
    net.low -= std::fma(p, h, -cost);
    // What this last difference and a product of tiny factors can have lost.
    net.low -= std::fabs(net.low) * 0x1p-51 + (cost == 0 && p != 0 && h != 0 ? 0x1p-1073 : 0);
    return net;
}

/// Takes net values one by one and keeps the best: as many as the minimum demand forces, and beyond
/// that those above 0, up to the demand.
class Choice {
  public:
    /// `alone`: what the firm is worth that takes nobody, where its demand is at most 1.
    Choice(const AssignmentLimits& limits, FirmId i, std::size_t pins, double alone = 0)
        : room_(
              static_cast<std::size_t>(std::max(0, limits.demand_of(i) - static_cast<int>(pins)))),
          forced_(static_cast<std::size_t>(
              std::max(0, limits.min_demand_of(i) - static_cast<int>(pins)))),
          alone_{pins == 0 ? alone : 0, 0} {}

    void pin(TwoDoubles net) { pinned_.push_back(net); }
    [[nodiscard]] bool open() const { return room_ > 0; }
    void offer(TwoDoubles net) {
        if (best_.size() == room_) {
            if (!(best_.front() < net)) return;
            std::pop_heap(best_.begin(), best_.end(), better);
            best_.pop_back();
        }
        best_.push_back(net);
        std::push_heap(best_.begin(), best_.end(), better);
    }
    /// A net value whose first part is below this changes nothing any more.
    [[nodiscard]] double least() const {
        const double last = best_.size() == room_ ? best_.front().high : -HUGE_VAL;
        const double out = alone_.high;
        return forced_ == room_ ? last : forced_ > 0 ? std::min(last, out) : std::max(last, out);
    }
    /// Adds what the firm takes.
    void add_to(ExactSum& sum) const {
        for (const TwoDoubles net : pinned_) sum.add(net);
        std::vector<TwoDoubles> nets = best_;
        std::sort(nets.begin(), nets.end(), better);
        std::size_t taken = 0;
        for (; taken < nets.size(); ++taken) {
            if (!(alone_ < nets[taken]) && taken >= forced_) break;
            sum.add(nets[taken]);
        }
        if (taken == 0) sum.add(alone_);
    }

  private:
    static bool better(TwoDoubles a, TwoDoubles b) { return b < a; }
    std::size_t room_, forced_;
    TwoDoubles alone_;
    std::vector<TwoDoubles> pinned_;
    std::vector<TwoDoubles> best_;  ///< a heap, the least on top
};

}  // namespace libmatch::check
