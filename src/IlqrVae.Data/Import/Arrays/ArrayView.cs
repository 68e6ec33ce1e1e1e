namespace IlqrVae.Data.Import.Arrays;

/// <summary>An array of numbers, or a part of one, with its axes in any order; nothing is copied.</summary>
internal sealed class ArrayView
{
    private readonly Func<long, double> _entry;
    private readonly long _offset;
    private readonly long[] _strides;

    private ArrayView(string name, Func<long, double> entry, long offset, int[] shape, long[] strides)
    {
        (Name, _entry, _offset, Shape, _strides) = (name, entry, offset, shape, strides);
    }

    /// <summary>What to call it in messages.</summary>
    public string Name { get; }

    /// <summary>Lengths of its axes.</summary>
    public int[] Shape { get; }

    /// <summary>Whether the entries are whole and not negative because of the type that they are stored in.</summary>
    public bool AreCounts { get; private init; }

    public int Rank => Shape.Length;

    public long Count => Shape.Aggregate(1L, (product, length) => product * length);

    public double this[int i] => _entry(_offset + (i * _strides[0]));

    public double this[int i, int j] => _entry(_offset + (i * _strides[0]) + (j * _strides[1]));

    public double this[int i, int j, int k] => _entry(_offset + (i * _strides[0]) + (j * _strides[1]) + (k * _strides[2]));

    /// <summary>The whole of an array.</summary>
    public static ArrayView Of(NumberNode node)
    {
        var shape = node.Shape.ToArray();
        var strides = new long[shape.Length];
        var stride = 1L;
        for (var place = 0; place < shape.Length; place++)
        {
            var axis = node.IsColumnMajor ? place : shape.Length - 1 - place;
            strides[axis] = stride;
            stride *= shape[axis];
        }

        var type = Type.GetTypeCode(node.Stored.GetType().GetElementType());
        return new ArrayView(Messages.OneLine(node.Name), Entries(node.Stored), 0, shape, strides) { AreCounts = type is TypeCode.Byte or TypeCode.UInt16 or TypeCode.Boolean };
    }

    /// <summary>Numbers that stand one behind the other.</summary>
    public static ArrayView Of(string name, double[] values, params int[] shape)
    {
        var strides = new long[shape.Length];
        var stride = 1L;
        for (var axis = shape.Length - 1; axis >= 0; axis--)
        {
            strides[axis] = stride;
            stride *= shape[axis];
        }

        return new ArrayView(name, i => values[i], 0, shape, strides);
    }

    /// <summary>Several lists of one length beside each other: entries x lists.</summary>
    public static ArrayView Beside(string name, IReadOnlyList<ArrayView> columns) =>
        new(name, i => columns[(int)(i % columns.Count)][(int)(i / columns.Count)], 0, [columns[0].Shape[0], columns.Count], [columns.Count, 1]);

    /// <summary>Several arrays of two axes beside each other along the second.</summary>
    public static ArrayView SideBySide(string name, IReadOnlyList<ArrayView> views)
    {
        var of = views.SelectMany((view, v) => Enumerable.Range(0, view.Shape[1]).Select(column => (View: v, Column: column))).ToArray();
        return new ArrayView(name, i => of[i % of.Length] is var place ? views[place.View][(int)(i / of.Length), place.Column] : double.NaN, 0, [views[0].Shape[0], of.Length], [of.Length, 1])
        {
            AreCounts = views.All(view => view.AreCounts),
        };
    }

    /// <summary>What has one index along an axis.</summary>
    public ArrayView Slice(int axis, int index, string? name = null) => new(
        name ?? Name, _entry, _offset + (index * _strides[axis]), [.. Shape.Where((_, other) => other != axis)], [.. _strides.Where((_, other) => other != axis)]) { AreCounts = AreCounts };

    /// <summary>With an axis of length one behind the others.</summary>
    public ArrayView Widen() => new(Name, _entry, _offset, [.. Shape, 1], [.. _strides, 0]) { AreCounts = AreCounts };

    /// <summary>Some entries along the first axis.</summary>
    public ArrayView Rows(int first, int count) => new(Name, _entry, _offset + (first * _strides[0]), [count, .. Shape[1..]], _strides) { AreCounts = AreCounts };

    /// <summary>The axes in another order.</summary>
    public ArrayView Permute(params int[] axes) => new(Name, _entry, _offset, Array.ConvertAll(axes, axis => Shape[axis]), Array.ConvertAll(axes, axis => _strides[axis])) { AreCounts = AreCounts };

    /// <summary>Without axes of length one, down to some number of axes.</summary>
    public ArrayView Squeeze(int least = 0)
    {
        var kept = Enumerable.Range(0, Rank).Where(axis => Shape[axis] != 1).ToList();
        for (var axis = 0; axis < Rank && kept.Count < least; axis++)
        {
            if (Shape[axis] == 1)
            {
                kept.Add(axis);
            }
        }

        return Permute([.. kept.Order()]);
    }

    /// <summary>The same with other entries.</summary>
    public ArrayView Convert(Func<double, double> convert)
    {
        var entry = _entry;
        return new ArrayView(Name, i => convert(entry(i)), _offset, Shape, _strides);
    }

    /// <summary>Of an array of two axes the place of the first entry for which something holds; null where it holds for none.</summary>
    public (int Row, int Column)? Find(Predicate<double> holds)
    {
        // Along the axis in which entries lie side by side.
        var isRowwise = _strides[1] <= _strides[0];
        var (outer, inner) = isRowwise ? (0, 1) : (1, 0);
        for (var i = 0; i < Shape[outer]; i++)
        {
            var at = _offset + (i * _strides[outer]);
            for (var j = 0; j < Shape[inner]; j++, at += _strides[inner])
            {
                if (holds(_entry(at)))
                {
                    return isRowwise ? (i, j) : (j, i);
                }
            }
        }

        return null;
    }

    /// <summary>The entries, the last axis fastest.</summary>
    public double[] ToArray()
    {
        var values = new double[Count];
        var index = new int[Rank];
        for (long i = 0, at = _offset; i < values.Length; i++)
        {
            values[i] = _entry(at);
            for (var axis = Rank - 1; axis >= 0; axis--)
            {
                at += _strides[axis];
                if (++index[axis] < Shape[axis])
                {
                    break;
                }

                at -= index[axis] * _strides[axis];
                index[axis] = 0;
            }
        }

        return values;
    }

    // By type code and not by pattern: the runtime lets a byte[] pass for an sbyte[].
    private static Func<long, double> Entries(Array stored) => Type.GetTypeCode(stored.GetType().GetElementType()) switch
    {
        TypeCode.Boolean => Of((bool[])stored, value => value ? 1 : 0),
        TypeCode.SByte => Of((sbyte[])stored, value => value),
        TypeCode.Byte => Of((byte[])stored, value => value),
        TypeCode.Int16 => Of((short[])stored, value => value),
        TypeCode.UInt16 => Of((ushort[])stored, value => value),
        TypeCode.Int32 => Of((int[])stored, value => value),
        TypeCode.UInt32 => Of((uint[])stored, value => value),
        TypeCode.Int64 => Of((long[])stored, value => value),
        TypeCode.UInt64 => Of((ulong[])stored, value => value),
        TypeCode.Single => Of((float[])stored, value => value),
        TypeCode.Double => Of((double[])stored, value => value),
        _ => throw new NotSupportedException($"Numbers stored as {stored.GetType().Name} are not read."),
    };

    private static Func<long, double> Of<T>(T[] stored, Func<T, double> convert) => i => convert(stored[i]);
}
