#pragma once

// Lines of the Prometheus text format.

#include <cstdint>
#include <string>
#include <string_view>

namespace mega::node {

class MetricsText {
  public:
    void counter(std::string_view name, std::string_view help, uint64_t value) {
        add(name, "counter", help, value);
    }
    void gauge(std::string_view name, std::string_view help, uint64_t value) {
        add(name, "gauge", help, value);
    }
    [[nodiscard]] std::string take() { return std::move(out_); }

  private:
    void add(std::string_view name, std::string_view type, std::string_view help, uint64_t value) {
        const std::string full = "mega_" + std::string(name);
        out_ += "# HELP " + full + " " + std::string(help) + "\n";
        out_ += "# TYPE " + full + " " + std::string(type) + "\n";
        out_ += full + " " + std::to_string(value) + "\n";
    }

    std::string out_;
};

}  // namespace mega::node
