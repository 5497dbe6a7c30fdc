// proxy/core/application_name.hpp - the name of its application as a session has it now, and as it began
// with, which is what RESET returns to.
#pragma once

#include <memory>
#include <string>
#include <utility>

namespace pgweir::core {

class application_name {
 public:
  explicit application_name(std::string at_login) : now_(std::move(at_login)) {}

  const std::string& now() const { return now_; }

  void change(const std::string& to) {
    if (to == now_) return;
    if (at_login_ == nullptr) at_login_ = std::make_unique<std::string>(now_);
    now_ = to;
  }
  void reset() {
    if (at_login_ == nullptr) return;
    now_ = *at_login_;
    at_login_.reset();
  }

 private:
  std::string now_;
  std::unique_ptr<const std::string> at_login_;  // null: it was never changed, and costs no memory
};

}  // namespace pgweir::core
