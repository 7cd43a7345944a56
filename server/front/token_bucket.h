// How often, and how much, over time: a bucket that fills at a rate and is emptied by what is done.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace pinhole::front {

// A pure function of the clock that its callers pass, milliseconds of any clock; one that goes back
// only stops the filling. Not thread-safe.
class TokenBucket {
 public:
  // Begins full. `capacity` and `per_day` are at least 1; capacity at most 2^50.
  TokenBucket(int64_t capacity, int64_t per_day) : capacity_(capacity), per_day_(per_day) {}

  // 0: taken. Else nothing was taken, and after so many milliseconds it can be; kNever when
  // `amount` is above the capacity.
  static constexpr int64_t kNever = INT64_MAX;
  int64_t Take(int64_t amount, int64_t now_ms) {
    Fill(now_ms);
    const Wide missing = Wide{amount} * kMsPerDay - level_;
    if (missing <= 0) {
      level_ -= Wide{amount} * kMsPerDay;
      return 0;
    }
    if (amount > capacity_) return kNever;
    return static_cast<int64_t>((missing + per_day_ - 1) / per_day_);
  }
  // Gives back what was taken and not used.
  void Give(int64_t amount) { level_ = std::min(Full(), level_ + Wide{amount} * kMsPerDay); }

  bool full(int64_t now_ms) const { return LevelAt(now_ms) == Full(); }

 private:
  // Levels in units of one token a day and millisecond, so that no rate is rounded.
  using Wide = __int128;
  static constexpr int64_t kMsPerDay = int64_t{86'400} * 1000;
  Wide Full() const { return Wide{capacity_} * kMsPerDay; }
  Wide LevelAt(int64_t now_ms) const {
    if (!begun_) return Full();
    return std::min(Full(), level_ + Wide{std::max<int64_t>(0, now_ms - filled_ms_)} * per_day_);
  }
  void Fill(int64_t now_ms) {
    level_ = LevelAt(now_ms);
    begun_ = true;
    filled_ms_ = now_ms;
  }

  int64_t capacity_;
  int64_t per_day_;
  Wide level_ = 0;
  int64_t filled_ms_ = 0;
  bool begun_ = false;
};

// A bucket for each key, of bounded number: full ones are forgotten first, since a new one is as
// good; beyond that, newcomers share one. Not thread-safe.
class TokenBuckets {
 public:
  TokenBuckets(int64_t capacity, int64_t per_day, size_t most_keys)
      : fresh_(capacity, per_day), most_keys_(most_keys), shared_(capacity, per_day) {}

  int64_t Take(std::string_view key, int64_t amount, int64_t now_ms) {
    return Find(key, now_ms).Take(amount, now_ms);
  }
  void Give(std::string_view key, int64_t amount) {
    if (const auto found = buckets_.find(key); found != buckets_.end()) found->second.Give(amount);
  }
  size_t size() const { return buckets_.size(); }

 private:
  TokenBucket& Find(std::string_view key, int64_t now_ms) {
    if (const auto found = buckets_.find(key); found != buckets_.end()) return found->second;
    if (buckets_.size() >= most_keys_ && now_ms >= next_sweep_ms_) {
      // Not at every newcomer: a flood of them must not make each one cost a walk.
      constexpr int64_t kSweepEveryMs = 1000;
      next_sweep_ms_ = now_ms + kSweepEveryMs;
      std::erase_if(buckets_, [&](auto& entry) { return entry.second.full(now_ms); });
    }
    if (buckets_.size() >= most_keys_) return shared_;
    return buckets_.emplace(std::string(key), fresh_).first->second;
  }

  const TokenBucket fresh_;
  const size_t most_keys_;
  std::map<std::string, TokenBucket, std::less<>> buckets_;
  TokenBucket shared_;
  int64_t next_sweep_ms_ = 0;
};

}  // namespace pinhole::front
