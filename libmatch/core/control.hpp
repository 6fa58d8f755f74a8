// How a caller watches and stops long work: progress, time limit, cancel.
//
// A Control is passed by reference through every long call. The work asks `stop()` often (at least
// every few milliseconds of work); when it answers true, the work ends with its best answer so far
// and its true gap.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace libmatch {

/// How an answer ended. The names are part of the public contract.
enum class Status { optimal, within_gap, time_limit, cancelled, infeasible };

[[nodiscard]] constexpr std::string_view name(Status s) {
    switch (s) {
        case Status::optimal:
            return "optimal";
        case Status::within_gap:
            return "within_gap";
        case Status::time_limit:
            return "time_limit";
        case Status::cancelled:
            return "cancelled";
        case Status::infeasible:
            return "infeasible";
    }
    return "";
}

/// One report of progress; `done` in [0, 1] within the stage, `eta` in seconds (negative: unknown).
struct Progress {
    std::string_view stage;
    double done = 0;
    double elapsed = 0;
    double eta = -1;
};

class Control {
  public:
    using Clock = std::chrono::steady_clock;
    /// Called from the calling thread only; returning false cancels the work.
    using Listener = std::function<bool(const Progress&)>;

    Control() = default;
    explicit Control(std::optional<double> limit_seconds, Listener listener = {})
        : listener_(std::move(listener)) {
        if (limit_seconds)
            deadline_ = start_ + std::chrono::duration_cast<Clock::duration>(
                                     std::chrono::duration<double>(*limit_seconds));
    }

    /// Of a part of larger work that runs in a thread of its own, beside other parts: it stops with
    /// the whole, and keeps its progress for the thread that waits.
    explicit Control(const Control* whole, Listener listener = {})
        : whole_(whole), start_(whole->start_), listener_(std::move(listener)) {}

    /// Whether anybody hears reports.
    [[nodiscard]] bool listens() const { return static_cast<bool>(listener_); }

    [[nodiscard]] double elapsed() const {
        return std::chrono::duration<double>(Clock::now() - start_).count();
    }
    [[nodiscard]] bool cancelled() const {
        return cancelled_.load(std::memory_order_relaxed) || (whole_ && whole_->cancelled());
    }
    [[nodiscard]] bool timed_out() const { return deadline_ && Clock::now() >= *deadline_; }

    /// Any thread may ask. Sticky once true.
    [[nodiscard]] bool stop() const {
        if (last_ask_ >= 0 && asks_.fetch_add(1, std::memory_order_relaxed) >= last_ask_)
            return true;
        return cancelled() || timed_out() || (whole_ && whole_->stop());
    }
    /// From now on, the work is told to go on `asks` times and then to stop: how tests reach each
    /// moment at which a stop may come. Not while work runs.
    void stop_after(std::int64_t asks) {
        asks_ = 0;
        last_ask_ = asks;
    }
    /// How often stop() was asked since.
    [[nodiscard]] std::int64_t asks() const { return asks_; }
    /// The status to report when `stop()` ended the work.
    [[nodiscard]] Status stop_status() const {
        return cancelled() ? Status::cancelled : Status::time_limit;
    }

    void cancel() { cancelled_.store(true, std::memory_order_relaxed); }

    /// Names all reports that follow, until the next name; empty = each report's own name. For work
    /// that is a stage of something larger. Calling thread only.
    void enter(std::string stage) { scope_ = std::move(stage); }

    /// Calling thread only. Reports at most twenty times a second, so it may be called in inner
    /// loops.
    void report(std::string_view stage, double done) {
        done_.store(done, std::memory_order_relaxed);
        if (!listener_) return;
        if (!scope_.empty()) stage = scope_;
        const auto now = Clock::now();
        if (stage != stage_) {
            stage_ = std::string(stage);
            stage_start_ = now;
        } else if (done < 1 && now - last_report_ < std::chrono::milliseconds(50)) {
            return;
        }
        last_report_ = now;
        const double in_stage = std::chrono::duration<double>(now - stage_start_).count();
        const double eta = done > 0.01 ? in_stage * (1 - done) / done : -1;
        if (!listener_(Progress{stage, done, elapsed(), eta})) cancel();
    }

    /// What was reported last. Any thread may ask.
    [[nodiscard]] double done() const { return done_.load(std::memory_order_relaxed); }

  private:
    const Control* whole_ = nullptr;
    Clock::time_point start_ = Clock::now();
    std::optional<Clock::time_point> deadline_;
    Listener listener_;
    std::atomic<bool> cancelled_{false};
    std::int64_t last_ask_ = -1;  ///< negative: asks are not counted
    mutable std::atomic<std::int64_t> asks_{0};
    std::atomic<double> done_{0};
    std::string scope_;
    std::string stage_;
    Clock::time_point stage_start_ = start_;
    Clock::time_point last_report_{};
};

}  // namespace libmatch
