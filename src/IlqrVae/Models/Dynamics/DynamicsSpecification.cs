using System.Numerics;
using IlqrVae.Models.Kinds;
using IlqrVae.Models.Parameters;

namespace IlqrVae.Models.Dynamics;

/// <summary>The dynamics of a model, before any data. Each kind is a record that describes itself; see <see cref="ModelKinds"/>.</summary>
public abstract record DynamicsSpecification : PartSpecification<DynamicsSpecification>
{
    /// <summary>States, inputs and external inputs, where the kind has sizes of its own; null where it takes any.</summary>
    public virtual (int States, int Inputs, int External)? Sizes => null;

    /// <summary>Makes the dynamics at their start for learning.</summary>
    /// <typeparam name="T">float or double.</typeparam>
    /// <param name="start">Sizes, the recording, random numbers.</param>
    public abstract Dynamics<T> Build<T>(ModelStart start)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>;
}

/// <summary>Dynamics that learning starts as slow leaks, in which states of unit variance integrate inputs of unit variance.</summary>
public abstract record LeakyDynamicsSpecification : DynamicsSpecification
{
    /// <summary>Columns of the input matrix of unit norm, which leaves the scale of inputs to their prior.</summary>
    public bool UnitNormInputs { get; init; }

    /// <summary>Time constant, in bins, of the dynamics that learning starts from.</summary>
    public double InitialTimeConstant { get; init; } = 8;

    /// <inheritdoc/>
    public override IReadOnlyList<Setting<DynamicsSpecification>> SettingsAmong(ModelKinds kinds) =>
    [
        Setting.Flag<LeakyDynamicsSpecification>(
            "unit-norm-inputs", one => one.UnitNormInputs, (one, value) => one with { UnitNormInputs = value },
            "Keep the columns of the input matrix at norm one, so that the prior alone sets the inputs' scale.").Of<DynamicsSpecification>(),
        Setting.Number<LeakyDynamicsSpecification>(
            "initial-time-constant", NumberRange.Positive, Setting.Positive, one => one.InitialTimeConstant, (one, value) => one with { InitialTimeConstant = value },
            "Time constant, in bins, of the dynamics that learning starts from.").Of<DynamicsSpecification>(),
    ];

    /// <summary>The share of a state that leaks away in a bin.</summary>
    protected double Leak => 1 / Math.Max(1.05, InitialTimeConstant);

    /// <summary>Standard deviation of recurrent weights that are weak.</summary>
    /// <param name="start">Sizes.</param>
    protected static double Weak(ModelStart start) => 0.1 / Math.Sqrt(start.States);

    /// <summary>
    /// Standard deviation of input weights: a leaky integrator z' = (1 - leak) z + b u has unit variance for |b|^2 = 1 - (1 - leak)^2 and inputs of unit
    /// variance. Without inputs it is that of a single one, as external inputs need it.
    /// </summary>
    /// <param name="start">Sizes.</param>
    protected double Drive(ModelStart start) => Math.Sqrt((1 - ((1 - Leak) * (1 - Leak))) / Math.Max(1, start.Inputs));

    /// <summary>The input matrix, n x m.</summary>
    /// <typeparam name="T">float or double.</typeparam>
    /// <param name="name">Its name in the model.</param>
    /// <param name="start">Sizes and random numbers.</param>
    /// <param name="deviation">Standard deviation of its numbers.</param>
    protected Parameter<T> InputMatrix<T>(string name, ModelStart start, double deviation)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        => Parameter<T>.Nearest(name, start.States, start.Inputs, UnitNormInputs ? Constraint.UnitColumns : Constraint.Free, start.Random(start.States, start.Inputs, deviation));

    /// <summary>A square matrix, row-major, with a number added to its diagonal.</summary>
    /// <param name="matrix">The matrix, changed.</param>
    /// <param name="value">The number.</param>
    protected static double[] WithDiagonal(double[] matrix, double value)
    {
        var n = (int)Math.Sqrt(matrix.Length);
        for (var i = 0; i < n; i++)
        {
            matrix[(i * n) + i] += value;
        }

        return matrix;
    }
}
