using IlqrVae.Models.Differentiation;

namespace IlqrVae.Models.Dynamics.Custom;

/// <summary>What a step reads beside its vectors: the values of the parameters, and room for temporary vectors.</summary>
/// <typeparam name="TScalar">The kind of number.</typeparam>
public sealed class StepContext<TScalar>
    where TScalar : struct, IScalar<TScalar>
{
    private readonly ParameterLayout _layout;
    private readonly TScalar[] _values;
    private readonly double[]? _constants;
    private readonly List<TScalar[]> _temporaries = [];
    private int _used;

    /// <summary>Takes the values of the parameters.</summary>
    /// <param name="layout">Where each is.</param>
    /// <param name="values">The values.</param>
    /// <param name="constants">The same as plain numbers, where none is differentiated; otherwise null.</param>
    internal StepContext(ParameterLayout layout, TScalar[] values, double[]? constants)
    {
        _layout = layout;
        _values = values;
        _constants = constants;
    }

    /// <summary>The value of a parameter.</summary>
    /// <param name="declaration">The declaration, the same object as in <see cref="IDynamicsDefinition.Parameters"/>.</param>
    public ParameterValue<TScalar> this[ParameterDeclaration declaration]
    {
        get
        {
            var offset = _layout.Offset(declaration);
            var length = declaration.Rows * declaration.Columns;
            return new(_values.AsSpan(offset, length), _constants is null ? default : _constants.AsSpan(offset, length), declaration.Columns);
        }
    }

    /// <summary>The value of a parameter.</summary>
    /// <param name="name">Its name.</param>
    public ParameterValue<TScalar> this[string name] => this[_layout.Find(name)];

    /// <summary>The value of a parameter of one number.</summary>
    /// <param name="declaration">The declaration.</param>
    public TScalar Scalar(ParameterDeclaration declaration) => _values[_layout.Offset(declaration)];

    /// <summary>A zero vector, valid until the step returns. Steady calls reuse the memory.</summary>
    /// <param name="length">Its length.</param>
    public Span<TScalar> Temporary(int length)
    {
        if (_used == _temporaries.Count)
        {
            _temporaries.Add(new TScalar[length]);
        }
        else if (_temporaries[_used].Length < length)
        {
            _temporaries[_used] = new TScalar[length];
        }

        var vector = _temporaries[_used++].AsSpan(0, length);
        vector.Clear();
        return vector;
    }

    internal void Reset() => _used = 0;
}

/// <summary>The value of a parameter: a number, a vector, or a matrix in row-major order.</summary>
/// <typeparam name="TScalar">The kind of number.</typeparam>
public readonly ref struct ParameterValue<TScalar>
    where TScalar : struct, IScalar<TScalar>
{
    private readonly ReadOnlySpan<TScalar> _values;
    private readonly ReadOnlySpan<double> _constants;

    internal ParameterValue(ReadOnlySpan<TScalar> values, ReadOnlySpan<double> constants, int columns)
    {
        _values = values;
        _constants = constants;
        Columns = columns;
    }

    /// <summary>Rows.</summary>
    public int Rows => _values.Length / Columns;

    /// <summary>Columns.</summary>
    public int Columns { get; }

    /// <summary>All its numbers, row by row.</summary>
    public ReadOnlySpan<TScalar> Values => _values;

    /// <summary>An element of a vector.</summary>
    /// <param name="index">Index, from 0.</param>
    public TScalar this[int index] => _values[index];

    /// <summary>An element of a matrix.</summary>
    /// <param name="row">Row, from 0.</param>
    /// <param name="column">Column, from 0.</param>
    public TScalar this[int row, int column] => Row(row)[column];

    /// <summary>A row of a matrix.</summary>
    /// <param name="row">Row, from 0.</param>
    public ReadOnlySpan<TScalar> Row(int row) => _values.Slice(row * Columns, Columns);

    /// <summary>The scalar product of a row with a vector. Faster than a loop over elements.</summary>
    /// <param name="row">Row, from 0.</param>
    /// <param name="vector">As many numbers as there are columns.</param>
    public TScalar Dot(int row, ReadOnlySpan<TScalar> vector) => AddDot(row, vector, default);

    /// <summary>result += W vector. Faster than loops over elements.</summary>
    /// <param name="vector">As many numbers as there are columns.</param>
    /// <param name="result">As many numbers as there are rows.</param>
    public void AddProduct(ReadOnlySpan<TScalar> vector, Span<TScalar> result)
    {
        for (var i = 0; i < result.Length; i++)
        {
            result[i] = AddDot(i, vector, result[i]);
        }
    }

    private TScalar AddDot(int row, ReadOnlySpan<TScalar> vector, TScalar start)
        => _constants.IsEmpty
            ? TScalar.Dot(_values.Slice(row * Columns, Columns), vector, start)
            : TScalar.Dot(_constants.Slice(row * Columns, Columns), vector, start);
}
