using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace IlqrVae.Recordings;

/// <summary>
/// What was observed of one channel group in one trial: bins x channels, row-major, with a mask where entries are missing. Counts take one, two or four bytes an
/// entry, whichever holds the largest; values take eight; a mask takes a bit an entry, and nothing where every entry was observed. Immutable.
/// </summary>
public sealed class Observations
{
    // byte[], ushort[], int[] or double[]; zero where missing.
    private readonly Array _stored;

    // A bit an entry, set where observed; null when every entry was.
    private readonly ulong[]? _mask;

    // What all entries without observation share: zeros, as many as the largest group and trial so far needed.
    private static volatile Nothing s_nothing = new([], []);

    private Observations(int bins, int channels, Array stored, ulong[]? mask, bool areCounts)
    {
        Bins = bins;
        Channels = channels;
        _stored = stored;
        _mask = mask;
        AreCounts = areCounts;
    }

    /// <summary>Number of bins.</summary>
    public int Bins { get; }

    /// <summary>Number of channels.</summary>
    public int Channels { get; }

    /// <summary>Whether they are stored as counts: whole and not negative.</summary>
    public bool AreCounts { get; }

    /// <summary>Whether no entry is missing.</summary>
    public bool AllObserved => _mask is null;

    /// <summary>Number of observed entries.</summary>
    public long ObservedCount => _mask is null ? Entries : ReferenceEquals(_mask, s_nothing.Mask) ? 0 : _mask.Sum(word => (long)BitOperations.PopCount(word));

    /// <summary>One entry; zero where it is missing.</summary>
    /// <param name="bin">Bin.</param>
    /// <param name="channel">Channel.</param>
    public double this[int bin, int channel]
    {
        get
        {
            var i = IndexOf(bin, channel);
            return _stored switch
            {
                byte[] counts => counts[i],
                ushort[] counts => counts[i],
                int[] counts => counts[i],
                _ => ((double[])_stored)[i],
            };
        }
    }

    /// <summary>Stores counts.</summary>
    /// <param name="counts">Bins x channels; missing entries may hold anything.</param>
    /// <param name="observed">Row-major bins x channels, false where missing; null when every entry was observed.</param>
    /// <exception cref="InputException">An observed entry is negative, not whole or beyond 2147483647; the message names bin and channel.</exception>
    /// <exception cref="ArgumentException">The mask has another size.</exception>
    public static Observations FromCounts(Table counts, bool[]? observed = null)
    {
        ArgumentNullException.ThrowIfNull(counts);
        return FromCounts<double>(counts.Bins, counts.Columns, counts.Values, observed);
    }

    /// <summary>Stores counts.</summary>
    /// <param name="bins">Number of bins.</param>
    /// <param name="channels">Number of channels.</param>
    /// <param name="counts">Row-major bins x channels; missing entries may hold anything.</param>
    /// <param name="observed">Row-major bins x channels, false where missing; empty when every entry was observed.</param>
    /// <typeparam name="T">Any type of numbers.</typeparam>
    /// <exception cref="InputException">An observed entry is negative, not whole or beyond 2147483647; the message names bin and channel.</exception>
    /// <exception cref="ArgumentException">The counts or the mask have another size.</exception>
    public static Observations FromCounts<T>(int bins, int channels, ReadOnlySpan<T> counts, ReadOnlySpan<bool> observed = default)
        where T : unmanaged, INumber<T>
    {
        RequireSize(bins, channels, counts.Length, observed.Length);
        var largest = T.Zero;
        for (var i = 0; i < counts.Length; i++)
        {
            if (!observed.IsEmpty && !observed[i])
            {
                continue;
            }

            if (!IsCount(counts[i]))
            {
                throw new InputException(
                    $"the value {counts[i]} at bin {i / channels}, channel {i % channels}, is no count; counts are whole, not negative and at most {int.MaxValue}: store the group as values if it does not hold counts.");
            }

            largest = T.Max(largest, counts[i]);
        }

        Array stored = int.CreateTruncating(largest) switch
        {
            <= byte.MaxValue => Pack<T, byte>(counts, observed),
            <= ushort.MaxValue => Pack<T, ushort>(counts, observed),
            _ => Pack<T, int>(counts, observed),
        };
        return new Observations(bins, channels, stored, PackMask(observed), areCounts: true);
    }

    /// <summary>Stores real values.</summary>
    /// <param name="values">Bins x channels; missing entries may hold anything. Kept by reference where nothing is missing: do not change it afterwards.</param>
    /// <param name="observed">Row-major bins x channels, false where missing; null when every entry was observed.</param>
    /// <exception cref="ArgumentException">The mask has another size.</exception>
    public static Observations FromValues(Table values, bool[]? observed = null)
    {
        ArgumentNullException.ThrowIfNull(values);
        RequireSize(values.Bins, values.Columns, values.Values.Length, observed?.Length ?? 0);
        var mask = PackMask(observed);
        return new Observations(values.Bins, values.Columns, mask is null ? values.Values : Pack<double, double>(values.Values, observed), mask, areCounts: false);
    }

    /// <summary>Stores counts or values, as the kind of their group says.</summary>
    /// <param name="kind">Kind of the group.</param>
    /// <param name="table">Bins x channels; missing entries may hold anything.</param>
    /// <param name="observed">Row-major bins x channels, false where missing; null when every entry was observed.</param>
    /// <inheritdoc cref="FromCounts(Table, bool[])" path="/exception"/>
    public static Observations Of(ChannelKind kind, Table table, bool[]? observed = null)
        => kind == ChannelKind.Counts ? FromCounts(table, observed) : FromValues(table, observed);

    /// <summary>Nothing was observed. Takes no memory of its own.</summary>
    /// <param name="bins">Number of bins.</param>
    /// <param name="channels">Number of channels.</param>
    /// <param name="kind">What there would have been.</param>
    public static Observations Missing(int bins, int channels, ChannelKind kind = ChannelKind.Counts)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bins);
        ArgumentOutOfRangeException.ThrowIfNegative(channels);
        var entries = (long)bins * channels;
        var nothing = s_nothing;
        if (nothing.Counts.Length < entries)
        {
            s_nothing = nothing = new Nothing(new byte[entries], new ulong[Words(entries)]);
        }

        return new Observations(bins, channels, nothing.Counts, nothing.Mask, kind == ChannelKind.Counts);
    }

    /// <summary>Whether an entry was observed.</summary>
    /// <param name="bin">Bin.</param>
    /// <param name="channel">Channel.</param>
    public bool IsObserved(int bin, int channel) => IsSet(_mask, IndexOf(bin, channel));

    /// <summary>Whether every channel was observed in a bin.</summary>
    /// <param name="bin">Bin.</param>
    public bool IsObserved(int bin)
    {
        var first = RangeOf(bin, 1).Start.Value;
        for (var channel = 0; _mask is not null && channel < Channels; channel++)
        {
            if (!IsSet(_mask, first + channel))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Copies one bin's entries, zero where missing.</summary>
    /// <param name="bin">Bin.</param>
    /// <param name="destination">Room for the channels, exactly.</param>
    /// <typeparam name="T">Any type of numbers; rounded to it.</typeparam>
    public void CopyRow<T>(int bin, Span<T> destination)
        where T : unmanaged, INumber<T> => CopyRows(bin, 1, destination);

    /// <summary>Copies the entries of consecutive bins, row-major, zero where missing.</summary>
    /// <param name="first">First bin.</param>
    /// <param name="count">Number of bins.</param>
    /// <param name="destination">Room for count x channels, exactly.</param>
    /// <typeparam name="T">Any type of numbers; rounded to it.</typeparam>
    public void CopyRows<T>(int first, int count, Span<T> destination)
        where T : unmanaged, INumber<T>
    {
        var range = RangeOf(first, count);
        ArgumentOutOfRangeException.ThrowIfNotEqual(destination.Length, count * Channels, nameof(destination));
        switch (_stored)
        {
            case byte[] counts: Convert<byte, T>(counts.AsSpan(range), destination); break;
            case ushort[] counts: Convert<ushort, T>(counts.AsSpan(range), destination); break;
            case int[] counts: Convert<int, T>(counts.AsSpan(range), destination); break;
            default: Convert<double, T>(((double[])_stored).AsSpan(range), destination); break;
        }
    }

    /// <summary>Copies which entries of consecutive bins were observed, row-major.</summary>
    /// <param name="first">First bin.</param>
    /// <param name="count">Number of bins.</param>
    /// <param name="destination">Room for count x channels, exactly.</param>
    public void CopyObserved(int first, int count, Span<bool> destination)
    {
        var start = RangeOf(first, count).Start.Value;
        ArgumentOutOfRangeException.ThrowIfNotEqual(destination.Length, count * Channels, nameof(destination));
        for (var i = 0; i < destination.Length; i++)
        {
            destination[i] = IsSet(_mask, start + i);
        }
    }

    /// <summary>All entries in double precision, zero where missing. Allocates.</summary>
    public Table ToTable()
    {
        var table = new Table(Bins, Channels);
        CopyRows<double>(0, Bins, table.Values);
        return table;
    }

    /// <summary>Row-major bins x channels, false where missing; null when every entry was observed. Allocates.</summary>
    public bool[]? ToMask()
    {
        if (_mask is null)
        {
            return null;
        }

        var observed = new bool[Entries];
        CopyObserved(0, Bins, observed);
        return observed;
    }

    /// <summary>Some of the channels.</summary>
    /// <param name="channels">The channels, in the order wanted.</param>
    public Observations SelectChannels(IReadOnlyList<int> channels)
    {
        ArgumentNullException.ThrowIfNull(channels);
        int[] columns = [.. channels];
        foreach (var channel in columns)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)channel, (uint)Channels, nameof(channels));
        }

        return Gather(0, Bins, columns);
    }

    /// <summary>Some consecutive bins.</summary>
    /// <param name="first">First bin.</param>
    /// <param name="count">Number of bins.</param>
    public Observations SelectBins(int first, int count)
    {
        _ = RangeOf(first, count);
        return first == 0 && count == Bins ? this : Gather(first, count, [.. Enumerable.Range(0, Channels)]);
    }

    /// <summary>The same with entries marked missing besides those that are so already.</summary>
    /// <param name="isHidden">Told bin and channel, whether to hide the entry.</param>
    public Observations Hide(Func<int, int, bool> isHidden)
    {
        ArgumentNullException.ThrowIfNull(isHidden);
        var observed = new bool[Entries];
        for (var (bin, i) = (0, 0); bin < Bins; bin++)
        {
            for (var channel = 0; channel < Channels; channel++, i++)
            {
                observed[i] = IsSet(_mask, i) && !isHidden(bin, channel);
            }
        }

        var stored = _stored switch
        {
            byte[] counts => (Array)Pack<byte, byte>(counts.AsSpan(0, Entries), observed),
            ushort[] counts => Pack<ushort, ushort>(counts, observed),
            int[] counts => Pack<int, int>(counts, observed),
            _ => Pack<double, double>((double[])_stored, observed),
        };
        return new Observations(Bins, Channels, stored, PackMask(observed), AreCounts);
    }

    private int Entries => Bins * Channels;

    private static void RequireSize(int bins, int channels, int entries, int masked)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bins);
        ArgumentOutOfRangeException.ThrowIfNegative(channels);
        if (entries != (long)bins * channels)
        {
            throw new ArgumentException($"{entries} entries do not fill {bins} bins x {channels} channels.", nameof(entries));
        }

        if (masked != 0 && masked != entries)
        {
            throw new ArgumentException($"The mask has {masked} entries where the data have {entries}; give it the same shape.", nameof(masked));
        }
    }

    private static bool IsCount<T>(T value)
        where T : unmanaged, INumber<T> => T.IsInteger(value) && value >= T.Zero && double.CreateSaturating(value) <= int.MaxValue;

    private static TTo[] Pack<TFrom, TTo>(ReadOnlySpan<TFrom> source, ReadOnlySpan<bool> observed)
        where TFrom : unmanaged, INumber<TFrom>
        where TTo : unmanaged, INumber<TTo>
    {
        var packed = new TTo[source.Length];
        if (observed.IsEmpty)
        {
            Convert<TFrom, TTo>(source, packed);
            return packed;
        }

        for (var i = 0; i < packed.Length; i++)
        {
            packed[i] = observed[i] ? TTo.CreateTruncating(source[i]) : TTo.Zero;
        }

        return packed;
    }

    private static ulong[]? PackMask(ReadOnlySpan<bool> observed)
    {
        if (!observed.Contains(false))
        {
            return null;
        }

        var mask = new ulong[Words(observed.Length)];
        for (var i = 0; i < observed.Length; i++)
        {
            mask[i >> 6] |= observed[i] ? 1UL << (i & 63) : 0;
        }

        return mask;
    }

    private static long Words(long entries) => (entries + 63) / 64;

    private static bool IsSet(ulong[]? mask, int i) => mask is null || (mask[i >> 6] >> (i & 63) & 1) != 0;

    private static void Convert<TFrom, TTo>(ReadOnlySpan<TFrom> source, Span<TTo> destination)
        where TFrom : unmanaged, INumber<TFrom>
        where TTo : unmanaged, INumber<TTo>
    {
        if (typeof(TFrom) == typeof(TTo))
        {
            MemoryMarshal.Cast<TFrom, TTo>(source).CopyTo(destination);
            return;
        }

        TensorPrimitives.ConvertTruncating(source, destination);
    }

    private Observations Gather(int first, int bins, int[] columns)
    {
        var stored = _stored switch
        {
            byte[] counts => (Array)Gathered<byte>(i => counts[i]),
            ushort[] counts => Gathered<ushort>(i => counts[i]),
            int[] counts => Gathered<int>(i => counts[i]),
            double[] values => Gathered<double>(i => values[i]),
            _ => throw new InvalidOperationException($"Entries of {_stored.GetType().Name} are not kept."),
        };
        return new Observations(bins, columns.Length, stored, _mask is null ? null : PackMask(Gathered(i => IsSet(_mask, i))), AreCounts);

        T[] Gathered<T>(Func<int, T> entry)
        {
            var gathered = new T[(long)bins * columns.Length];
            for (var (bin, i) = (0, 0); bin < bins; bin++)
            {
                var row = (first + bin) * Channels;
                foreach (var column in columns)
                {
                    gathered[i++] = entry(row + column);
                }
            }

            return gathered;
        }
    }

    private sealed record Nothing(byte[] Counts, ulong[] Mask);

    private int IndexOf(int bin, int channel)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)bin, (uint)Bins, nameof(bin));
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)channel, (uint)Channels, nameof(channel));
        return (bin * Channels) + channel;
    }

    private Range RangeOf(int first, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Bins - first);
        return (first * Channels)..((first + count) * Channels);
    }
}
