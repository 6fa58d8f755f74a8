// Work in a thread of its own, beside what the calling thread does.
#pragma once

#include <chrono>
#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <string_view>
#include <thread>
#include <utility>

#include <libmatch/core/control.hpp>

namespace libmatch {

/// Starts at once. Whoever does not wait for the end cancels the work.
class Beside {
  public:
    using Work = std::function<void(Control&)>;

    /// The work stops when `whole` stops.
    Beside(const Control& whole, Work work)
        : control_(&whole), thread_([this, work = std::move(work)] { run(work); }) {}
    Beside(const Beside&) = delete;
    Beside& operator=(const Beside&) = delete;
    ~Beside() { control_.cancel(); }

    /// Returns when the work has ended, and throws what it threw. Until then reports its progress
    /// to `control`, so that the caller's listener can cancel the whole.
    void wait(Control& control, std::string_view stage) {
        std::unique_lock lock(mutex_);
        while (!ended_.wait_for(lock, std::chrono::milliseconds(20), [&] { return over_; }))
            control.report(stage, control_.done());
        if (failure_) std::rethrow_exception(failure_);
    }

  private:
    void run(const Work& work) {
        try {
            work(control_);
        } catch (...) {
            failure_ = std::current_exception();
        }
        const std::lock_guard lock(mutex_);
        over_ = true;
        ended_.notify_all();
    }

    Control control_;
    std::mutex mutex_;
    std::condition_variable ended_;
    bool over_ = false;
    std::exception_ptr failure_;
    std::jthread thread_;  ///< last: it ends before what it uses
};

}  // namespace libmatch
