using IlqrVae.Models.Parameters;

namespace IlqrVae.Models.Dynamics.Custom;

/// <summary>A parameter of a <see cref="IDynamicsDefinition"/>: its name, shape, constraint and initial value.</summary>
public sealed class ParameterDeclaration
{
    private readonly double[] _initial;

    private ParameterDeclaration(string name, int rows, int columns, ReadOnlySpan<double> initial, Constraint? constraint, bool recurrent)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(columns, 1);
        if (initial.Length != rows * columns)
        {
            throw new ArgumentException($"Parameter '{name}' is {rows} x {columns}; its initial value has {initial.Length} numbers.", nameof(initial));
        }

        Name = name;
        Rows = rows;
        Columns = columns;
        Constraint = constraint ?? Constraint.Free;
        IsRecurrent = recurrent;
        _initial = initial.ToArray();
    }

    /// <summary>The name, unique in its definition.</summary>
    public string Name { get; }

    /// <summary>Rows.</summary>
    public int Rows { get; }

    /// <summary>Columns.</summary>
    public int Columns { get; }

    /// <summary>The constraint it meets.</summary>
    public Constraint Constraint { get; }

    /// <summary>True for recurrent weights, which an L2 penalty may act on.</summary>
    public bool IsRecurrent { get; }

    /// <summary>The initial value, row-major.</summary>
    public ReadOnlySpan<double> Initial => _initial;

    /// <summary>One number.</summary>
    /// <param name="name">The name.</param>
    /// <param name="initial">The initial value.</param>
    /// <param name="constraint">The constraint; free when left out.</param>
    public static ParameterDeclaration Scalar(string name, double initial, Constraint? constraint = null)
        => new(name, 1, 1, [initial], constraint, recurrent: false);

    /// <summary>A vector.</summary>
    /// <param name="name">The name.</param>
    /// <param name="initial">The initial values; their number is the length.</param>
    /// <param name="constraint">The constraint; free when left out.</param>
    public static ParameterDeclaration Vector(string name, ReadOnlySpan<double> initial, Constraint? constraint = null)
        => new(name, 1, initial.Length, initial, constraint, recurrent: false);

    /// <summary>A matrix.</summary>
    /// <param name="name">The name.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Columns.</param>
    /// <param name="initial">The initial value, row by row.</param>
    /// <param name="constraint">The constraint; free when left out.</param>
    /// <param name="recurrent">True for recurrent weights, which an L2 penalty may act on.</param>
    public static ParameterDeclaration Matrix(
        string name, int rows, int columns, ReadOnlySpan<double> initial, Constraint? constraint = null, bool recurrent = false)
        => new(name, rows, columns, initial, constraint, recurrent);

    /// <summary>A matrix that starts from independent normal numbers.</summary>
    /// <param name="name">The name.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Columns.</param>
    /// <param name="deviation">Their standard deviation.</param>
    /// <param name="seed">Seed of the draws: the same seed gives the same numbers.</param>
    /// <param name="recurrent">True for recurrent weights, which an L2 penalty may act on.</param>
    public static ParameterDeclaration RandomMatrix(string name, int rows, int columns, double deviation, int seed, bool recurrent = false)
    {
        var random = new Random(seed);
        var initial = new double[rows * columns];
        for (var i = 0; i < initial.Length; i++)
        {
            var radius = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble()));
            initial[i] = deviation * radius * Math.Cos(2 * Math.PI * random.NextDouble());
        }

        return new(name, rows, columns, initial, constraint: null, recurrent);
    }
}
