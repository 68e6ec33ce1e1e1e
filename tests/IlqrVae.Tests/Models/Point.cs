using System.Numerics;
using IlqrVae.Models.Dynamics;
using IlqrVae.Models.Parameters;
using IlqrVae.Numerics;

namespace IlqrVae.Tests.Models;

/// <summary>Dynamics at a random path (which need not be a trajectory) with random costates, and a random tangent of both.</summary>
internal sealed unsafe class Point<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly Matrix<T> _next;
    private readonly Matrix<T> _tangentTape;
    private readonly Matrix<T> _adjointTangentTape;
    private readonly Matrix<T> _toState;
    private readonly Matrix<T> _toInput;

    public Point(string name, int n, int m, int k, int seed, int steps)
        : this(DynamicsCases.Make<T>(name, n, m, k, seed), seed, steps)
    {
    }

    public Point(Dynamics<T> dynamics, int seed, int steps)
    {
        Dynamics = dynamics;
        Set = new ParameterSet<T>(dynamics.Parameters);
        Scratch = dynamics.CreateScratch();
        var random = new Random(seed + 1);
        Z = Draw(random, steps + 1, dynamics.StateCount);
        U = Draw(random, steps, dynamics.InputCount);
        X = Draw(random, steps, dynamics.ExternalCount);
        Lambda = Draw(random, steps + 1, dynamics.StateCount);
        DZ = Draw(random, steps + 1, dynamics.StateCount);
        DU = Draw(random, steps, dynamics.InputCount);
        DLambda = Draw(random, steps + 1, dynamics.StateCount);
        _next = Matrix<T>.Allocate(1, dynamics.StateCount);
        _toState = Matrix<T>.Allocate(1, dynamics.StateCount);
        _toInput = Matrix<T>.Allocate(1, dynamics.InputCount);
        _tangentTape = Tape(dynamics.TangentTapeLength);
        _adjointTangentTape = Tape(dynamics.AdjointTangentTapeLength);
        Path = new DynamicsPath<T>(Z, U, X, Tape(dynamics.TapeLength), Lambda, Tape(dynamics.AdjointTapeLength));

        Matrix<T> Tape(int length) => Matrix<T>.Allocate(length == 0 ? 0 : steps, length);
    }

    public Dynamics<T> Dynamics { get; }

    public ParameterSet<T> Set { get; }

    public DynamicsScratch<T> Scratch { get; }

    public Matrix<T> Z { get; }

    public Matrix<T> U { get; }

    public Matrix<T> X { get; }

    public Matrix<T> Lambda { get; }

    public Matrix<T> DZ { get; }

    public Matrix<T> DU { get; }

    public Matrix<T> DLambda { get; }

    public DynamicsPath<T> Path { get; }

    public void StepInPlace(int t)
    {
        Dynamics.Step(Scratch, Z.RowPointer(t), U.RowPointer(t), Row(X, t), _next.Pointer, Row(Path.Tape, t));
        GC.KeepAlive(this);
    }

    public double[] Step(int t)
    {
        StepInPlace(t);
        return _next.ToArray();
    }

    public void JacobianInto(int t, Matrix<T> a, Matrix<T> b)
    {
        Dynamics.Jacobian(Scratch, Z.RowPointer(t), U.RowPointer(t), Row(X, t), Row(Path.Tape, t), a, b);
        GC.KeepAlive(this);
    }

    public (Matrix<T> A, Matrix<T> B) Jacobian()
    {
        var a = Matrix<T>.Allocate(Dynamics.StateCount, Dynamics.StateCount);
        var b = Matrix<T>.Allocate(Dynamics.StateCount, Dynamics.InputCount);
        StepInPlace(0);
        JacobianInto(0, a, b);
        return (a, b);
    }

    public void AdjointInPlace(int t)
    {
        Dynamics.Adjoint(
            Scratch, Z.RowPointer(t), U.RowPointer(t), Row(X, t), Row(Path.Tape, t), Lambda.RowPointer(t + 1), _toState.Pointer, _toInput.Pointer,
            Row(Path.AdjointTape, t));
        GC.KeepAlive(this);
    }

    public (Matrix<T> ToState, Matrix<T> ToInput) Adjoint(int t)
    {
        AdjointInPlace(t);
        return (_toState, _toInput);
    }

    public void TangentInPlace(int t, DynamicsPath<T> tangent)
    {
        Dynamics.Tangent(
            Scratch, Z.RowPointer(t), U.RowPointer(t), Row(X, t), Row(Path.Tape, t), DZ.RowPointer(t), DU.RowPointer(t), _next.Pointer,
            Row(tangent.Tape, t));
        tangent.Tape.KeepAlive();
        GC.KeepAlive(this);
    }

    public Matrix<T> Tangent(int t)
    {
        TangentInPlace(t, TangentPath());
        return _next;
    }

    public void AdjointTangentInPlace(int t, DynamicsPath<T> tangent)
    {
        Dynamics.AdjointTangent(
            Scratch, Z.RowPointer(t), U.RowPointer(t), Row(X, t), Row(Path.Tape, t), Lambda.RowPointer(t + 1), Row(Path.AdjointTape, t),
            DZ.RowPointer(t), DU.RowPointer(t), Row(tangent.Tape, t), DLambda.RowPointer(t + 1), _toState.Pointer, _toInput.Pointer,
            Row(tangent.AdjointTape, t));
        tangent.Tape.KeepAlive();
        tangent.AdjointTape.KeepAlive();
        GC.KeepAlive(this);
    }

    public (Matrix<T> ToState, Matrix<T> ToInput) AdjointTangent(int t)
    {
        TangentInPlace(t, TangentPath());
        AdjointTangentInPlace(t, TangentPath());
        return (_toState, _toInput);
    }

    /// <summary>Fills every tape of the path.</summary>
    public void Linearise()
    {
        for (var t = 0; t < Path.Steps; t++)
        {
            StepInPlace(t);
            AdjointInPlace(t);
        }
    }

    public DynamicsPath<T> TangentPath() => new(DZ, DU, X, _tangentTape, DLambda, _adjointTangentTape);

    /// <summary>sum_t lambda_{t+1}' f(z_t, u_t, x_t).</summary>
    public double WeightedSum()
    {
        var sum = 0.0;
        for (var t = 0; t < Path.Steps; t++)
        {
            StepInPlace(t);
            for (var i = 0; i < Dynamics.StateCount; i++)
            {
                sum += double.CreateChecked(Lambda[t + 1, i] * _next[0, i]);
            }
        }

        return sum;
    }

    public ParameterGradient<T> Gradient()
    {
        var gradient = new ParameterGradient<T>(Dynamics.Parameters);
        Dynamics.AccumulateGradient(Scratch, Path, gradient);
        return gradient;
    }

    public ParameterGradient<T> GradientTangent()
    {
        for (var t = 0; t < Path.Steps; t++)
        {
            AdjointTangent(t);
        }

        var gradient = new ParameterGradient<T>(Dynamics.Parameters);
        Dynamics.AccumulateGradientTangent(Scratch, Path, TangentPath(), gradient);
        return gradient;
    }

    /// <summary>The central difference of a function along the tangent of states, inputs and costates.</summary>
    public double[] AlongTangent(Func<double[]> function, double h)
    {
        Move(h);
        var up = function();
        Move(-2 * h);
        var down = function();
        Move(h);
        return [.. up.Zip(down, (x, y) => (x - y) / (2 * h))];
    }

    private static T* Row(Matrix<T> matrix, int t) => matrix.Rows == 0 ? null : matrix.RowPointer(t);

    private static Matrix<T> Draw(Random random, int rows, int columns)
    {
        var matrix = Matrix<T>.Allocate(rows, columns);
        for (var i = 0; i < rows; i++)
        {
            for (var j = 0; j < columns; j++)
            {
                matrix[i, j] = T.CreateChecked((2 * random.NextDouble()) - 1);
            }
        }

        return matrix;
    }

    private void Move(double h)
    {
        RowOperations.AddScaled(T.CreateChecked(h), DZ, Z);
        RowOperations.AddScaled(T.CreateChecked(h), DU, U);
        RowOperations.AddScaled(T.CreateChecked(h), DLambda, Lambda);
    }
}
