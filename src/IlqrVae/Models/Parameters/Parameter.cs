using System.Numerics;
using IlqrVae.Numerics;

namespace IlqrVae.Models.Parameters;

/// <summary>A named matrix of a model, with the constraint it meets. A vector is a matrix of one row.</summary>
/// <typeparam name="T">float or double.</typeparam>
public sealed class Parameter<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly double[] _value;

    /// <summary>Creates a parameter at an initial value.</summary>
    /// <param name="name">Its name, unique in a model ("dynamics.W").</param>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Columns.</param>
    /// <param name="constraint">The constraint.</param>
    /// <param name="initial">Row-major initial value, which meets the constraint.</param>
    /// <exception cref="ArgumentException">The initial value has another shape or does not meet the constraint.</exception>
    public Parameter(string name, int rows, int columns, Constraint constraint, ReadOnlySpan<double> initial)
        : this(name, rows, columns, constraint)
        => Set(initial);

    private Parameter(string name, int rows, int columns, Constraint constraint)
    {
        Name = name;
        Rows = rows;
        Columns = columns;
        Constraint = constraint;
        Raw = new double[constraint.RawCount(rows, columns)];
        _value = new double[rows * columns];
        Value = Matrix<T>.Allocate(rows, columns);
    }

    /// <summary>The name, unique in a model.</summary>
    public string Name { get; }

    /// <summary>Rows of the value.</summary>
    public int Rows { get; }

    /// <summary>Columns of the value.</summary>
    public int Columns { get; }

    /// <summary>The constraint between raw numbers and value.</summary>
    public Constraint Constraint { get; }

    /// <summary>The free numbers behind the value, in double precision whatever T; call <see cref="Refresh"/> after changing them.</summary>
    public double[] Raw { get; }

    /// <summary>The constrained value in the model's precision.</summary>
    public Matrix<T> Value { get; }

    /// <summary>The constrained value, row-major, in double precision.</summary>
    public ReadOnlySpan<double> ExactValue => _value;

    /// <summary>Position of its first raw number in the flattened vector of its model.</summary>
    public int RawOffset { get; internal set; } = -1;

    /// <summary>Position in the list of its model.</summary>
    public int Index { get; internal set; } = -1;

    /// <summary>Recomputes the value from the raw numbers.</summary>
    public void Refresh()
    {
        Constraint.Apply(Raw, Rows, Columns, _value);
        Value.CopyFrom(_value);
    }

    /// <summary>Recomputes rows of a triangular value, up to the diagonal; what is above it is zero already.</summary>
    /// <param name="first">The first row.</param>
    /// <param name="count">Number of rows.</param>
    internal void RefreshRows(int first, int count)
    {
        for (var row = first; row < first + count; row++)
        {
            var at = row * Columns;
            var value = _value.AsSpan(at, row + 1);
            Constraint.ApplyRow(row, Raw.AsSpan(at, row + 1), value);
            Value.RowRange(row, 1).ColumnRange(0, row + 1).CopyFrom(value);
        }
    }

    /// <summary>Creates a parameter at the value nearest a start that need not meet the constraint, such as one drawn at random.</summary>
    /// <param name="name">Its name, unique in a model.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Columns.</param>
    /// <param name="constraint">The constraint.</param>
    /// <param name="start">Row-major numbers; see <see cref="Constraint.Project"/>.</param>
    /// <exception cref="ArgumentException">The start has another shape, or nothing near it meets the constraint.</exception>
    public static Parameter<T> Nearest(string name, int rows, int columns, Constraint constraint, ReadOnlySpan<double> start)
    {
        var parameter = new Parameter<T>(name, rows, columns, constraint);
        parameter.Set(start, constraint.Project);
        return parameter;
    }

    /// <summary>Sets the value; a value that is refused leaves the parameter as it was.</summary>
    /// <param name="value">Row-major, meeting the constraint.</param>
    /// <exception cref="ArgumentException">The value has another shape or does not meet the constraint.</exception>
    public void Set(ReadOnlySpan<double> value) => Set(value, Constraint.Invert);

    private void Set(ReadOnlySpan<double> value, Action<ReadOnlySpan<double>, int, int, Span<double>> find)
    {
        var raw = new double[Raw.Length];
        try
        {
            find(value, Rows, Columns, raw);
        }
        catch (ArgumentException exception)
        {
            throw new ArgumentException($"Parameter '{Name}', {Rows} x {Columns}: {exception.Message}", nameof(value), exception);
        }

        raw.CopyTo(Raw, 0);
        Refresh();
    }
}
