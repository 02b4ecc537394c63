// SPDX-License-Identifier: Apache-2.0
// Writes int8 networks with the layer shapes of well-known ones and seeded random weights:
// ResNet-50 v1.5, MobileNetV1 1.0/224, MobileNetV2 1.0/224 and SqueezeNet 1.1, and one matrix times
// a vector. Their cycles are those of trained networks, as nothing depends on the values; their
// answers mean nothing.
//
// Usage: make FOLDER
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "tflite_generated.h"

namespace
{

namespace fmt = gantry_tflite;

enum Operator {
    AVERAGE_POOL = 1,
    CONV = 3,
    DEPTHWISE = 4,
    FULLY_CONNECTED = 9,
    ADD = 0,
    CONCATENATION = 2,
    MAX_POOL = 17,
    RESHAPE = 22,
    SOFTMAX = 25
};
enum Activation { NONE = 0, RELU = 1, RELU6 = 3 };
enum Padding { SAME = 0, VALID = 1 };
enum Type { INT32 = 2, INT8 = 9 };

struct Extent {
    int h, w, c;
};

class Network
{
  public:
    Network(uint64_t seed, Extent input) : random_(seed)
    {
        buffers_.push_back(fmt::CreateBuffer(b_));
        input_ = activation(input, 1 / 127.5F, -1);
    }
    int input() const { return input_; }
    Extent extent(int tensor) const { return extents_[static_cast<size_t>(tensor)]; }

    int conv(int x, int c, int kernel, int stride, Activation act)
    {
        Extent in = extent(x);
        Extent out = {(in.h + stride - 1) / stride, (in.w + stride - 1) / stride, c};
        int y = output(out, act);
        std::vector<int> inputs = weights(x, y, {c, kernel, kernel, in.c}, 0, c);
        auto options = fmt::CreateConv2DOptions(b_, SAME, stride, stride, act, 1, 1);
        add_operator(CONV, 3, inputs, y, fmt::BuiltinOptions_Conv2DOptions, options.Union());
        return y;
    }
    int depthwise(int x, int kernel, int stride)
    {
        Extent in = extent(x);
        Extent out = {(in.h + stride - 1) / stride, (in.w + stride - 1) / stride, in.c};
        int y = output(out, RELU6);
        std::vector<int> inputs = weights(x, y, {1, kernel, kernel, in.c}, 3, in.c);
        auto options = fmt::CreateDepthwiseConv2DOptions(b_, SAME, stride, stride, 1, RELU6, 1, 1);
        add_operator(DEPTHWISE, 3, inputs, y, fmt::BuiltinOptions_DepthwiseConv2DOptions,
                     options.Union());
        return y;
    }
    int add(int x, int r, Activation act)
    {
        int y = activation(extent(x), 0.06F, act == NONE ? 2 : -128);
        auto options = fmt::CreateAddOptions(b_, act);
        add_operator(ADD, 2, {x, r}, y, fmt::BuiltinOptions_AddOptions, options.Union());
        return y;
    }
    // Channels of y behind those of x.
    int concat(int x, int y)
    {
        Extent e = extent(x);
        size_t from = static_cast<size_t>(x);
        int z = activation({e.h, e.w, e.c + extent(y).c}, scale_[from], zero_[from]);
        auto options = fmt::CreateConcatenationOptions(b_, 3, NONE);
        add_operator(CONCATENATION, 2, {x, y}, z, fmt::BuiltinOptions_ConcatenationOptions,
                     options.Union());
        return z;
    }
    int pool(int x, Operator op, int kernel, int stride, Padding padding)
    {
        Extent in = extent(x);
        int cut = padding == SAME ? stride - 1 : stride - kernel;
        Extent out = {(in.h + cut) / stride, (in.w + cut) / stride, in.c};
        int y = activation(out, scale_[static_cast<size_t>(x)], zero_[static_cast<size_t>(x)]);
        auto options = fmt::CreatePool2DOptions(b_, padding, stride, stride, kernel, kernel, NONE);
        add_operator(op, 2, {x}, y, fmt::BuiltinOptions_Pool2DOptions, options.Union());
        return y;
    }
    // The one pixel of x as a vector, times a matrix.
    int fully_connected(int x, int rows)
    {
        int channels = extent(x).c;
        std::vector<int32_t> shape = {1, channels};
        int flat = add_tensor({1, channels}, INT8, {scale_[static_cast<size_t>(x)]},
                              {zero_[static_cast<size_t>(x)]}, 0, 0, {1, 1, channels});
        int target = add_tensor({2}, INT32, {}, {}, 0, buffer(shape), {1, 1, 2});
        add_operator(RESHAPE, 1, {x, target}, flat, fmt::BuiltinOptions_NONE, 0);
        int y = add_tensor({1, rows}, INT8, {0.1F}, {-5}, 0, 0, {1, 1, rows});
        std::vector<int> inputs = weights(flat, y, {rows, channels}, 0, 1);
        auto options = fmt::CreateFullyConnectedOptions(b_, NONE, 0);
        add_operator(FULLY_CONNECTED, 4, inputs, y, fmt::BuiltinOptions_FullyConnectedOptions,
                     options.Union());
        return y;
    }
    // Global average, classifier, probabilities; then the file.
    bool finish(int x, const std::string &path)
    {
        int classes = 1000;
        int y = fully_connected(pool(x, AVERAGE_POOL, extent(x).h, 1, VALID), classes);
        int z = add_tensor({1, classes}, INT8, {1 / 256.0F}, {-128}, 0, 0, {1, 1, classes});
        auto softmax = fmt::CreateSoftmaxOptions(b_, 1.0F);
        add_operator(SOFTMAX, 2, {y}, z, fmt::BuiltinOptions_SoftmaxOptions, softmax.Union());
        return write(z, path);
    }

    bool write(int y, const std::string &path)
    {
        auto graph = fmt::CreateSubGraph(
            b_, b_.CreateVector(tensors_), b_.CreateVector(std::vector<int>{input_}),
            b_.CreateVector(std::vector<int>{y}), b_.CreateVector(operators_));
        std::vector<flatbuffers::Offset<fmt::SubGraph>> graphs = {graph};
        auto model = fmt::CreateModel(b_, 3, b_.CreateVector(codes_), b_.CreateVector(graphs),
                                      b_.CreateVector(buffers_));
        b_.Finish(model, "TFL3");
        FILE *file = std::fopen(path.c_str(), "wb");
        if (!file) return false;
        bool good = std::fwrite(b_.GetBufferPointer(), b_.GetSize(), 1, file) == 1;
        return (std::fclose(file) == 0) && good;
    }

  private:
    uint64_t random()
    {
        uint64_t z = random_ += UINT64_C(0x9e3779b97f4a7c15);
        z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
        return z ^ z >> 31;
    }
    int draw(int low, int high)
    {
        return low + static_cast<int>(random() % static_cast<uint64_t>(high - low + 1));
    }
    template <typename T> uint32_t buffer(const std::vector<T> &values)
    {
        b_.ForceVectorAlignment(values.size() * sizeof(T), 1, 16);
        auto data = b_.CreateVector(reinterpret_cast<const uint8_t *>(values.data()),
                                    values.size() * sizeof(T));
        buffers_.push_back(fmt::CreateBuffer(b_, data));
        return static_cast<uint32_t>(buffers_.size() - 1);
    }
    int add_tensor(const std::vector<int> &shape, Type type, const std::vector<float> &scale,
                   const std::vector<int64_t> &zero, int axis, uint32_t buffer, Extent extent)
    {
        auto name = b_.CreateString("t" + std::to_string(tensors_.size()));
        auto quantization = fmt::CreateQuantizationParameters(b_, b_.CreateVector(scale),
                                                              b_.CreateVector(zero), 0, axis);
        tensors_.push_back(fmt::CreateTensor(b_, b_.CreateVector(shape), static_cast<int8_t>(type),
                                             buffer, name, quantization));
        scale_.push_back(scale.empty() ? 0 : scale[0]);
        zero_.push_back(zero.empty() ? 0 : zero[0]);
        extents_.push_back(extent);
        return static_cast<int>(tensors_.size() - 1);
    }
    int activation(Extent e, float scale, int64_t zero)
    {
        return add_tensor({1, e.h, e.w, e.c}, INT8, {scale}, {zero}, 0, 0, e);
    }
    int output(Extent e, Activation act)
    {
        return act == NONE ? activation(e, 0.1F, 3) : activation(e, 6 / 255.0F, -128);
    }
    // Weights and bias of y = f(x); scales that keep the outputs within their range.
    std::vector<int> weights(int x, int y, const std::vector<int> &shape, int axis, int scales)
    {
        size_t count = 1, channels = static_cast<size_t>(shape[static_cast<size_t>(axis)]);
        for (int n : shape) count *= static_cast<size_t>(n);
        std::vector<int8_t> values(count);
        for (int8_t &w : values) w = static_cast<int8_t>(draw(-127, 127));
        std::vector<int32_t> bias(channels);
        for (int32_t &v : bias) v = draw(-2000, 2000);
        float sx = scale_[static_cast<size_t>(x)], sy = scale_[static_cast<size_t>(y)];
        double terms = static_cast<double>(count / channels);
        std::vector<float> scale, product;
        for (int i = 0; i < scales; i++) {
            double s = 40.0 * sy / (std::sqrt(terms) * 73 * 60) / sx * draw(600, 1400) / 1000;
            scale.push_back(static_cast<float>(s));
            product.push_back(scale.back() * sx);
        }
        std::vector<int64_t> zero(scale.size());
        Extent none = {0, 0, 0};
        int w = add_tensor(shape, INT8, scale, zero, axis, buffer(values), none);
        int v =
            add_tensor({static_cast<int>(channels)}, INT32, product, zero, 0, buffer(bias), none);
        return {x, w, v};
    }
    void add_operator(Operator op, int version, const std::vector<int> &inputs, int y,
                      fmt::BuiltinOptions type, flatbuffers::Offset<void> options)
    {
        auto at = std::find(opcodes_.begin(), opcodes_.end(), op);
        auto index = static_cast<uint32_t>(at - opcodes_.begin());
        if (at == opcodes_.end()) {
            opcodes_.push_back(op);
            codes_.push_back(fmt::CreateOperatorCode(b_, static_cast<int8_t>(op), 0, version, op));
        }
        operators_.push_back(fmt::CreateOperator(b_, index, b_.CreateVector(inputs),
                                                 b_.CreateVector(std::vector<int>{y}), type,
                                                 options));
    }

    uint64_t random_;
    int input_ = 0;
    flatbuffers::FlatBufferBuilder b_{1 << 20};
    std::vector<flatbuffers::Offset<fmt::Buffer>> buffers_;
    std::vector<flatbuffers::Offset<fmt::Tensor>> tensors_;
    std::vector<flatbuffers::Offset<fmt::Operator>> operators_;
    std::vector<flatbuffers::Offset<fmt::OperatorCode>> codes_;
    std::vector<Operator> opcodes_;
    std::vector<float> scale_;
    std::vector<int64_t> zero_;
    std::vector<Extent> extents_;
};

const Extent picture = {224, 224, 3};

bool resnet50(const std::string &path)
{
    struct Stage {
        int channels, blocks, stride;
    };
    Network net(50, picture);
    int y = net.conv(net.input(), 64, 7, 2, RELU);
    y = net.pool(y, MAX_POOL, 3, 2, SAME);
    for (const Stage &s : {Stage{64, 3, 1}, {128, 4, 2}, {256, 6, 2}, {512, 3, 2}})
        for (int i = 0; i < s.blocks; i++) {
            int stride = i == 0 ? s.stride : 1;
            int shortcut = i == 0 ? net.conv(y, 4 * s.channels, 1, stride, NONE) : y;
            int z = net.conv(y, s.channels, 1, 1, RELU);
            z = net.conv(z, s.channels, 3, stride, RELU);
            z = net.conv(z, 4 * s.channels, 1, 1, NONE);
            y = net.add(z, shortcut, RELU);
        }
    return net.finish(y, path);
}

bool mobilenet_v1(const std::string &path)
{
    struct Layer {
        int channels, stride;
    };
    Network net(1, picture);
    int y = net.conv(net.input(), 32, 3, 2, RELU6);
    for (const Layer &l : {Layer{64, 1},
                           {128, 2},
                           {128, 1},
                           {256, 2},
                           {256, 1},
                           {512, 2},
                           {512, 1},
                           {512, 1},
                           {512, 1},
                           {512, 1},
                           {512, 1},
                           {1024, 2},
                           {1024, 1}})
        y = net.conv(net.depthwise(y, 3, l.stride), l.channels, 1, 1, RELU6);
    return net.finish(y, path);
}

bool mobilenet_v2(const std::string &path)
{
    struct Stage {
        int expansion, channels, blocks, stride;
    };
    Network net(2, picture);
    int y = net.conv(net.input(), 32, 3, 2, RELU6);
    for (const Stage &s : {Stage{1, 16, 1, 1},
                           {6, 24, 2, 2},
                           {6, 32, 3, 2},
                           {6, 64, 4, 2},
                           {6, 96, 3, 1},
                           {6, 160, 3, 2},
                           {6, 320, 1, 1}})
        for (int i = 0; i < s.blocks; i++) {
            int stride = i == 0 ? s.stride : 1, c = net.extent(y).c;
            int z = s.expansion > 1 ? net.conv(y, s.expansion * c, 1, 1, RELU6) : y;
            z = net.conv(net.depthwise(z, 3, stride), s.channels, 1, 1, NONE);
            y = i == 0 ? z : net.add(z, y, NONE);
        }
    return net.finish(net.conv(y, 1280, 1, 1, RELU6), path);
}

bool squeezenet(const std::string &path)
{
    struct Fire {
        int squeeze, expand;
        bool pool;
    };
    Network net(4, picture);
    int y = net.conv(net.input(), 64, 3, 2, RELU);
    y = net.pool(y, MAX_POOL, 3, 2, SAME);
    for (const Fire &f : {Fire{16, 64, false},
                          {16, 64, true},
                          {32, 128, false},
                          {32, 128, true},
                          {48, 192, false},
                          {48, 192, false},
                          {64, 256, false},
                          {64, 256, false}}) {
        int s = net.conv(y, f.squeeze, 1, 1, RELU);
        y = net.concat(net.conv(s, f.expand, 1, 1, RELU), net.conv(s, f.expand, 3, 1, RELU));
        if (f.pool) y = net.pool(y, MAX_POOL, 3, 2, SAME);
    }
    y = net.conv(y, 1000, 1, 1, RELU);
    return net.write(net.pool(y, AVERAGE_POOL, net.extent(y).h, 1, VALID), path);
}

// 4 MB of weights that are used once: the rate of memory decides.
bool matrix_vector(const std::string &path)
{
    Network net(3, {1, 1, 1024});
    return net.write(net.fully_connected(net.input(), 4096), path);
}

} // namespace

int main(int argc, char **argv)
{
    if (argc != 2) {
        std::fputs("usage: make FOLDER\n", stderr);
        return 2;
    }
    std::string folder = argv[1];
    bool good = resnet50(folder + "/resnet50.tflite") &&
                mobilenet_v1(folder + "/mobilenet_v1_1.0_224.tflite") &&
                mobilenet_v2(folder + "/mobilenet_v2_1.0_224.tflite") &&
                squeezenet(folder + "/squeezenet_1.1_224.tflite") &&
                matrix_vector(folder + "/matrix_1024x4096.tflite");
    if (!good) std::fprintf(stderr, "make: cannot write into %s\n", folder.c_str());
    return good ? 0 : 1;
}
