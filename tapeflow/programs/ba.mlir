// ADBench's bundle adjustment: weighted errors of points reprojected into cameras.
// A camera is [rotation (3, angle-axis), centre (3), focal length, principal point
// (2), radial distortion (2)]; an observation is [camera, point]. Returns the sum
// of the squared errors and of the squared deviations 1 - weight^2.
func.func @ba(
    %camera: memref<?x11xf64>, %point: memref<?x3xf64>, %weight: memref<?xf64>,
    %observation: memref<?x2xindex>, %feature: memref<?x2xf64>) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %c4 = arith.constant 4 : index
  %c5 = arith.constant 5 : index
  %c6 = arith.constant 6 : index
  %c7 = arith.constant 7 : index
  %c8 = arith.constant 8 : index
  %c9 = arith.constant 9 : index
  %c10 = arith.constant 10 : index
  %zero = arith.constant 0.0 : f64
  %one = arith.constant 1.0 : f64
  %observations = memref.dim %weight, %c0 : memref<?xf64>

  %value = scf.for %o = %c0 to %observations step %c1 iter_args(%sum = %zero) -> (f64) {
    %c = memref.load %observation[%o, %c0] : memref<?x2xindex>
    %p = memref.load %observation[%o, %c1] : memref<?x2xindex>

    // The point as seen from the camera's centre.
    %point_x = memref.load %point[%p, %c0] : memref<?x3xf64>
    %point_y = memref.load %point[%p, %c1] : memref<?x3xf64>
    %point_z = memref.load %point[%p, %c2] : memref<?x3xf64>
    %centre_x = memref.load %camera[%c, %c3] : memref<?x11xf64>
    %centre_y = memref.load %camera[%c, %c4] : memref<?x11xf64>
    %centre_z = memref.load %camera[%c, %c5] : memref<?x11xf64>
    %x = arith.subf %point_x, %centre_x : f64
    %y = arith.subf %point_y, %centre_y : f64
    %z = arith.subf %point_z, %centre_z : f64

    // Rodrigues' rotation; without an angle, its series to first order.
    %rx = memref.load %camera[%c, %c0] : memref<?x11xf64>
    %ry = memref.load %camera[%c, %c1] : memref<?x11xf64>
    %rz = memref.load %camera[%c, %c2] : memref<?x11xf64>
    %rx2 = arith.mulf %rx, %rx : f64
    %ry2 = arith.mulf %ry, %ry : f64
    %rz2 = arith.mulf %rz, %rz : f64
    %rxy2 = arith.addf %rx2, %ry2 : f64
    %theta2 = arith.addf %rxy2, %rz2 : f64
    %turned = arith.cmpf ogt, %theta2, %zero : f64
    %u, %v, %w = scf.if %turned -> (f64, f64, f64) {
      %theta = math.sqrt %theta2 : f64
      %cos = math.cos %theta : f64
      %sin = math.sin %theta : f64
      %ax = arith.divf %rx, %theta : f64
      %ay = arith.divf %ry, %theta : f64
      %az = arith.divf %rz, %theta : f64
      %ayz = arith.mulf %ay, %z : f64
      %azy = arith.mulf %az, %y : f64
      %azx = arith.mulf %az, %x : f64
      %axz = arith.mulf %ax, %z : f64
      %axy = arith.mulf %ax, %y : f64
      %ayx = arith.mulf %ay, %x : f64
      %cross_x = arith.subf %ayz, %azy : f64
      %cross_y = arith.subf %azx, %axz : f64
      %cross_z = arith.subf %axy, %ayx : f64
      %axx = arith.mulf %ax, %x : f64
      %ayy = arith.mulf %ay, %y : f64
      %azz = arith.mulf %az, %z : f64
      %axx_ayy = arith.addf %axx, %ayy : f64
      %dot = arith.addf %axx_ayy, %azz : f64
      %versine = arith.subf %one, %cos : f64
      %along = arith.mulf %dot, %versine : f64
      %cos_x = arith.mulf %cos, %x : f64
      %cos_y = arith.mulf %cos, %y : f64
      %cos_z = arith.mulf %cos, %z : f64
      %sin_x = arith.mulf %sin, %cross_x : f64
      %sin_y = arith.mulf %sin, %cross_y : f64
      %sin_z = arith.mulf %sin, %cross_z : f64
      %along_x = arith.mulf %along, %ax : f64
      %along_y = arith.mulf %along, %ay : f64
      %along_z = arith.mulf %along, %az : f64
      %plane_x = arith.addf %cos_x, %sin_x : f64
      %plane_y = arith.addf %cos_y, %sin_y : f64
      %plane_z = arith.addf %cos_z, %sin_z : f64
      %out_x = arith.addf %plane_x, %along_x : f64
      %out_y = arith.addf %plane_y, %along_y : f64
      %out_z = arith.addf %plane_z, %along_z : f64
      scf.yield %out_x, %out_y, %out_z : f64, f64, f64
    } else {
      %ryz = arith.mulf %ry, %z : f64
      %rzy = arith.mulf %rz, %y : f64
      %rzx = arith.mulf %rz, %x : f64
      %rxz = arith.mulf %rx, %z : f64
      %rxy = arith.mulf %rx, %y : f64
      %ryx = arith.mulf %ry, %x : f64
      %cross_x = arith.subf %ryz, %rzy : f64
      %cross_y = arith.subf %rzx, %rxz : f64
      %cross_z = arith.subf %rxy, %ryx : f64
      %out_x = arith.addf %x, %cross_x : f64
      %out_y = arith.addf %y, %cross_y : f64
      %out_z = arith.addf %z, %cross_z : f64
      scf.yield %out_x, %out_y, %out_z : f64, f64, f64
    }

    // Perspective, radial distortion, and the camera's own coordinates.
    %s = arith.divf %u, %w : f64
    %t = arith.divf %v, %w : f64
    %s2 = arith.mulf %s, %s : f64
    %t2 = arith.mulf %t, %t : f64
    %radius2 = arith.addf %s2, %t2 : f64
    %radius4 = arith.mulf %radius2, %radius2 : f64
    %k1 = memref.load %camera[%c, %c9] : memref<?x11xf64>
    %k2 = memref.load %camera[%c, %c10] : memref<?x11xf64>
    %second = arith.mulf %k1, %radius2 : f64
    %fourth = arith.mulf %k2, %radius4 : f64
    %to_second = arith.addf %one, %second : f64
    %distortion = arith.addf %to_second, %fourth : f64
    %focal = memref.load %camera[%c, %c6] : memref<?x11xf64>
    %principal_x = memref.load %camera[%c, %c7] : memref<?x11xf64>
    %principal_y = memref.load %camera[%c, %c8] : memref<?x11xf64>
    %distorted_x = arith.mulf %s, %distortion : f64
    %distorted_y = arith.mulf %t, %distortion : f64
    %scaled_x = arith.mulf %distorted_x, %focal : f64
    %scaled_y = arith.mulf %distorted_y, %focal : f64
    %projected_x = arith.addf %scaled_x, %principal_x : f64
    %projected_y = arith.addf %scaled_y, %principal_y : f64

    // Errors.
    %feature_x = memref.load %feature[%o, %c0] : memref<?x2xf64>
    %feature_y = memref.load %feature[%o, %c1] : memref<?x2xf64>
    %off_x = arith.subf %projected_x, %feature_x : f64
    %off_y = arith.subf %projected_y, %feature_y : f64
    %weight_o = memref.load %weight[%o] : memref<?xf64>
    %error_x = arith.mulf %weight_o, %off_x : f64
    %error_y = arith.mulf %weight_o, %off_y : f64
    %weight2 = arith.mulf %weight_o, %weight_o : f64
    %error_w = arith.subf %one, %weight2 : f64
    %error_x2 = arith.mulf %error_x, %error_x : f64
    %error_y2 = arith.mulf %error_y, %error_y : f64
    %error_w2 = arith.mulf %error_w, %error_w : f64
    %sum_x = arith.addf %sum, %error_x2 : f64
    %sum_y = arith.addf %sum_x, %error_y2 : f64
    %sum_next = arith.addf %sum_y, %error_w2 : f64
    scf.yield %sum_next : f64
  }
  func.return %value : f64
}
