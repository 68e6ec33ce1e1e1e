using System.Runtime.Intrinsics.X86;
using IlqrVae.Numerics;

namespace IlqrVae.Tests.Numerics;

public sealed class CacheSizesTests
{
    [Fact]
    public void The_processor_says_what_the_system_says()
    {
        Assert.SkipUnless(X86Base.IsSupported && Directory.Exists("/sys/devices/system/cpu/cpu0/cache"), "Only Linux on x86 tells it twice.");
        Assert.Equal(CacheSizes.OfSystem().Where(one => one.Level <= 3).Select(one => (one.Level, one.Bytes)).Order(), CacheSizes.OfProcessor().Where(one => one.Level <= 3).Select(one => (one.Level, one.Bytes)).Order());
    }

    [Fact]
    public void What_is_not_told_is_that_of_common_processors()
    {
        Assert.Equal(CacheSizes.Common, CacheSizes.From([]));
        Assert.Equal(new CacheSizes(48 << 10, 2 << 20, 30 << 20), CacheSizes.From([(1, 48 << 10, 1), (2, 2 << 20, 1), (3, 30 << 20, 12)]));
        Assert.Equal(new CacheSizes(64 << 10, 1 << 20, 1 << 20), CacheSizes.From([(1, 64 << 10, 1), (2, 4 << 20, 4)]));
        Assert.Equal(CacheSizes.Common, CacheSizes.From([(1, 0, 1), (2, long.MaxValue, 1), (2, 16 << 10, 8), (3, -5, 1), (7, 1 << 20, 1)]));
        Assert.InRange(CacheSizes.Current.First, 8 << 10, 1 << 20);
    }

    [Theory]
    [InlineData("32k,512k,16m", 32 << 10, 512 << 10, 16 << 20)]
    [InlineData(" 8192 , 1M , 1g ", 8192, 1 << 20, 1 << 30)]
    public void Sizes_are_read(string text, long first, long second, long third) => Assert.Equal(new CacheSizes(first, second, third), CacheSizes.Parse(text));

    [Theory]
    [InlineData("32k")]
    [InlineData("32k,512k")]
    [InlineData("32k,512k,16m,1g")]
    [InlineData("32k,,16m")]
    [InlineData("-32k,512k,16m")]
    [InlineData("1k,512k,16m")]
    [InlineData("32k,512k,99999999999999999999g")]
    [InlineData("32k,512k,2g")]
    [InlineData("k,k,k")]
    public void Others_are_refused(string text) => Assert.StartsWith($"ILQR_VAE_CACHES is '{text}'; give", Assert.Throws<InputException>(() => CacheSizes.Parse(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void Sizes_are_written_as_people_write_them() => Assert.Equal("32 kB, 512 kB, 16 MB", new CacheSizes(32 << 10, 512 << 10, 16 << 20).ToString());
}
