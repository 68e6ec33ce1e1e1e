using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace IlqrVae.Reports.Html;

/// <summary>
/// Arrays of numbers in a page, each once: the times of bins serve all lines of a trial. Places are rounded to a hundred thousandth of their spread, less than a pixel of
/// any screen or printer, and values told by colors to a thousandth, less than a shade; even steps are kept as such.
/// </summary>
internal sealed class NumberPool
{
    /// <summary>Digits of places along an axis, of their spread.</summary>
    public const int DigitsOfPlaces = 5;

    /// <summary>Digits of values told by colors, of their spread.</summary>
    public const int DigitsOfColors = 3;

    /// <summary>Seven digits of each number by itself, as a logarithmic axis needs.</summary>
    public const int DigitsOfEach = 0;

    private readonly List<double[]> _arrays = [];
    private readonly List<int> _digits = [];
    private readonly Dictionary<int, List<int>> _byHash = [];

    /// <summary>The place of an array, which is put there where it is new.</summary>
    /// <param name="numbers">The numbers.</param>
    /// <param name="digits">How many digits are kept.</param>
    public int Add(IEnumerable<double> numbers, int digits = DigitsOfPlaces)
    {
        double[] array = [.. numbers];
        var hash = new HashCode();
        hash.Add(digits);
        hash.AddBytes(MemoryMarshal.AsBytes<double>(array));
        ref var places = ref CollectionsMarshal.GetValueRefOrAddDefault(_byHash, hash.ToHashCode(), out _);
        places ??= [];
        foreach (var place in places)
        {
            if (_digits[place] == digits && MemoryMarshal.AsBytes<double>(_arrays[place]).SequenceEqual(MemoryMarshal.AsBytes<double>(array)))
            {
                return place;
            }
        }

        places.Add(_arrays.Count);
        _arrays.Add(array);
        _digits.Add(digits);
        return _arrays.Count - 1;
    }

    /// <summary>Writes the arrays, in their order.</summary>
    public void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartArray();
        for (var i = 0; i < _arrays.Count; i++)
        {
            if (StepOf(_arrays[i]) is { } step)
            {
                writer.WriteStartObject();
                writer.WriteNumber("from", _arrays[i][0]);
                writer.WriteNumber("step", step);
                writer.WriteNumber("count", _arrays[i].Length);
                writer.WriteEndObject();
                continue;
            }

            writer.WriteStartArray();
            var format = FormatOf(_arrays[i], _digits[i]);
            foreach (var number in _arrays[i])
            {
                if (double.IsFinite(number))
                {
                    writer.WriteRawValue(format(number), skipInputValidation: true);
                }
                else
                {
                    writer.WriteNullValue();
                }
            }

            writer.WriteEndArray();
        }

        writer.WriteEndArray();
    }

    /// <summary>The step of numbers in even steps; null where they are not.</summary>
    private static double? StepOf(double[] numbers)
    {
        if (numbers.Length < 3)
        {
            return null;
        }

        var step = (numbers[^1] - numbers[0]) / (numbers.Length - 1);
        if (!double.IsFinite(step) || step == 0)
        {
            return null;
        }

        for (var i = 0; i < numbers.Length; i++)
        {
            if (!(Math.Abs(numbers[0] + (i * step) - numbers[i]) <= 1e-6 * Math.Abs(step)))
            {
                return null;
            }
        }

        return step;
    }

    private static Func<double, string> FormatOf(double[] numbers, int digits)
    {
        var (low, high) = (double.PositiveInfinity, double.NegativeInfinity);
        foreach (var number in numbers)
        {
            if (double.IsFinite(number))
            {
                (low, high) = (Math.Min(low, number), Math.Max(high, number));
            }
        }

        var decimals = digits - (int)Math.Floor(Math.Log10(high - low));
        return digits == DigitsOfEach || !(high > low) || decimals > 15
            ? number => number.ToString("G7", CultureInfo.InvariantCulture)
            : number => Math.Round(number, Math.Max(0, decimals)).ToString("R", CultureInfo.InvariantCulture);
    }
}
